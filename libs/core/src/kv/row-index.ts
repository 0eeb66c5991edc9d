/** Rows whose ids still fit 16 bits, one being kept for "none". */
const NARROW_ROWS = 0xffff;
/** Slots per row: a probe that finds looks at 2 slots on average, one that does not at 5. */
const SLOTS_PER_ROW = 1.5;

/**
 * Finds rows by a 64-bit name that the owner keeps as halves in two columns. Open addressing with linear probing, no
 * tombstones, 2 bytes per slot below 65,535 rows and 4 above. Several rows may have one name.
 */
export class RowIndex {
  /** Row id + 1; 0 = free. */
  private slots: Uint16Array | Uint32Array = new Uint16Array(0);
  private scale = 0;

  constructor(
    private low: Uint32Array,
    private high: Uint32Array,
  ) {
    this.resize(low, high, 0);
  }

  get bytes(): number {
    return this.slots.byteLength;
  }

  /** The first row of the name, -1 when there is none. */
  find(low: number, high: number): number {
    const { slots, low: lows, high: highs } = this;
    for (let slot = this.home(low, high); ; ) {
      const row = (slots[slot] as number) - 1;
      if (row < 0 || (lows[row] === low && highs[row] === high)) return row;
      if (++slot === slots.length) slot = 0;
    }
  }

  /** Every row of the name, into `to` from 0 on; returns how many. */
  findAll(low: number, high: number, to: number[]): number {
    const { slots, low: lows, high: highs } = this;
    let found = 0;
    for (let slot = this.home(low, high); ; ) {
      const row = (slots[slot] as number) - 1;
      if (row < 0) return found;
      if (lows[row] === low && highs[row] === high) to[found++] = row;
      if (++slot === slots.length) slot = 0;
    }
  }

  /** Enters a row whose name is in the columns and which is not entered yet. */
  add(row: number): void {
    const { slots } = this;
    let slot = this.home(this.low[row] as number, this.high[row] as number);
    while (slots[slot] !== 0) if (++slot === slots.length) slot = 0;
    slots[slot] = row + 1;
  }

  /** Takes an entered row out, before its name changes. Later entries of the probe run move back. */
  delete(row: number): void {
    const { slots } = this;
    const size = slots.length;
    let hole = this.home(this.low[row] as number, this.high[row] as number);
    while (slots[hole] !== row + 1) if (++hole === size) hole = 0;
    for (let slot = hole; ; ) {
      if (++slot === size) slot = 0;
      const moved = (slots[slot] as number) - 1;
      if (moved < 0) break;
      const home = this.home(this.low[moved] as number, this.high[moved] as number);
      if (slot - home + (slot < home ? size : 0) >= slot - hole + (slot < hole ? size : 0)) {
        slots[hole] = moved + 1;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  /** Takes over grown columns, of which rows below `rows` are entered. */
  resize(low: Uint32Array, high: Uint32Array, rows: number): void {
    this.low = low;
    this.high = high;
    const size = Math.max(16, Math.ceil(low.length * SLOTS_PER_ROW));
    this.slots = low.length < NARROW_ROWS ? new Uint16Array(size) : new Uint32Array(size);
    this.scale = size / 2 ** 32;
    for (let row = 0; row < rows; row++) this.add(row);
  }

  private home(low: number, high: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return Math.floor(((mixed ^ (mixed >>> 15)) >>> 0) * this.scale);
  }
}
