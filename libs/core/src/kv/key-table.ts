const ABSENT = -1;

/** The two 32-bit halves of every key: `[2i]` low, `[2i + 1]` high. Typed arrays are little-endian on every platform Node runs on. */
export function halves(keys: BigUint64Array): Uint32Array {
  return new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
}

/**
 * Map from 64-bit keys to small stable ids, in typed arrays: open addressing with linear probing, no tombstones.
 * Owners keep further columns of their own, indexed by id, and grow them to `capacity` after `add`.
 */
export class KeyTable {
  private slots: Int32Array;
  private low: Uint32Array;
  private high: Uint32Array;
  private free: Int32Array;
  private freeCount = 0;
  private next = 0;
  private mask: number;

  constructor(initialCapacity = 64) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, initialCapacity)));
    this.slots = new Int32Array(capacity * 2).fill(ABSENT);
    this.mask = capacity * 2 - 1;
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.free = new Int32Array(capacity);
  }

  /** Keys present. */
  get size(): number {
    return this.next - this.freeCount;
  }

  /** Every id is below it. */
  get capacity(): number {
    return this.low.length;
  }

  /** Ids ever given are below it: the bound for a scan over owner columns. */
  get idBound(): number {
    return this.next;
  }

  get bytes(): number {
    return 4 * (this.slots.length + this.low.length * 3);
  }

  lowOf(id: number): number {
    return this.low[id] as number;
  }

  highOf(id: number): number {
    return this.high[id] as number;
  }

  /** Id of the key, -1 when absent. */
  find(low: number, high: number): number {
    return this.slots[this.slotOf(low, high)] as number;
  }

  /** Id of the key, given now when it was absent. */
  add(low: number, high: number): number {
    let slot = this.slotOf(low, high);
    const known = this.slots[slot] as number;
    if (known !== ABSENT) return known;
    if (this.size === this.capacity) {
      this.grow();
      slot = this.slotOf(low, high);
    }
    const id = this.freeCount > 0 ? (this.free[--this.freeCount] as number) : this.next++;
    this.low[id] = low;
    this.high[id] = high;
    this.slots[slot] = id;
    return id;
  }

  /** Forgets a present key; its id may be given again. Later entries of the probe run move back, so nothing is marked. */
  delete(id: number): void {
    let hole = this.slotOf(this.low[id] as number, this.high[id] as number);
    this.free[this.freeCount++] = id;
    for (let slot = (hole + 1) & this.mask; this.slots[slot] !== ABSENT; slot = (slot + 1) & this.mask) {
      const moved = this.slots[slot] as number;
      const home = this.home(this.low[moved] as number, this.high[moved] as number);
      if (((slot - home) & this.mask) >= ((slot - hole) & this.mask)) {
        this.slots[hole] = moved;
        hole = slot;
      }
    }
    this.slots[hole] = ABSENT;
  }

  private home(low: number, high: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  private slotOf(low: number, high: number): number {
    let slot = this.home(low, high);
    for (;;) {
      const id = this.slots[slot] as number;
      if (id === ABSENT || (this.low[id] === low && this.high[id] === high)) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    this.low = grown(this.low, capacity);
    this.high = grown(this.high, capacity);
    this.free = grown(this.free, capacity);
    this.slots = new Int32Array(capacity * 2).fill(ABSENT);
    this.mask = capacity * 2 - 1;
    for (let id = 0; id < this.next; id++) {
      this.slots[this.slotOf(this.low[id] as number, this.high[id] as number)] = id;
    }
  }
}

/** The same column with room for `capacity` values, new ones zero. */
export function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(
  column: T,
  capacity: number,
): T {
  if (column.length >= capacity) return column;
  const larger = new (column.constructor as new (length: number) => T)(capacity);
  larger.set(column);
  return larger;
}
