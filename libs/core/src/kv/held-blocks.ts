import type { CacheGroups } from './cache-groups.js';
import { LedgerRows, longer } from './ledger-rows.js';
import { TIERS } from './types.js';

const TIER_COUNT = TIERS.length;
const MAX_COUNT = 0xff;

/**
 * The blocks of one engine, a row per engine hash, counted per tier and group because engines announce a block more than
 * once; and what of them was published: the difference is the next delta. What a row holds is 8 bits: tiers 0 … 3 densely,
 * then tiers 0 … 3 for the windows.
 */
export class HeldBlocks {
  readonly rows = new LedgerRows();
  /** By `slot * TIER_COUNT + tier`; made when the first block is counted there. One that is full stays: it can only lose blocks. */
  private readonly counts: Array<Uint8Array | undefined> = [];
  private published = new Uint8Array(this.rows.capacity);
  private dirtyBits = new Uint8Array(this.rows.capacity);
  private dirty: number[] = [];
  /** Whether any key ever had two rows: if not, what is true of a row is true of its key. */
  areShared = false;
  private judged = 0;
  private readonly run: number[] = [];

  constructor(private readonly groups: CacheGroups) {
    this.judged = groups.version;
  }

  /** Rows that changed since the last `drain` (an upper bound). */
  get changes(): number {
    return this.judged === this.groups.version ? this.dirty.length : this.rows.size;
  }

  /** Bytes of all columns. */
  get bytes(): number {
    const counted = this.counts.reduce((sum, column) => sum + (column?.length ?? 0), 0);
    return this.rows.bytes + counted + this.published.length + this.dirtyBits.length;
  }

  /**
   * Row of a hash that has none; -1 when its key belongs to another block, by the check bits. A new row must be given a
   * count before the next `drain`, which forgets idle ones.
   */
  open(hashLow: number, hashHigh: number, keyLow: number, keyHigh: number, check: number): number {
    const { rows } = this;
    const twin = rows.byKey.find(keyLow, keyHigh);
    const other = twin < 0 ? 0 : (rows.check[twin] as number);
    if (other !== check && other !== 0 && check !== 0) return -1;
    if (twin >= 0) this.areShared = true;
    const row = rows.add(hashLow, hashHigh, keyLow, keyHigh, check === 0 ? other : check);
    if (this.published.length < rows.capacity) {
      this.published = longer(this.published, rows.capacity);
      this.dirtyBits = longer(this.dirtyBits, rows.capacity);
    }
    this.touch(row);
    return row;
  }

  /** Counts one more; true when it is the first. */
  add(row: number, tier: number, slot: number): boolean {
    this.groups.note(tier, slot);
    const at = slot * TIER_COUNT + tier;
    let column = this.counts[at];
    if (column === undefined || row >= column.length) {
      column = longer(column ?? new Uint8Array(0), this.rows.capacity);
      this.counts[at] = column;
    }
    const count = column[row] as number;
    if (count < MAX_COUNT) column[row] = count + 1;
    if (count > 0) return false;
    this.touch(row);
    return true;
  }

  /** Counts one less; false when there was none. */
  subtract(row: number, tier: number, slot: number): boolean {
    const column = this.counts[slot * TIER_COUNT + tier];
    const count = column?.[row] ?? 0;
    if (!column || count === 0) return false;
    column[row] = count - 1;
    if (count === 1) this.touch(row);
    return true;
  }

  /** Takes the row off the tier in every group; false when none had it there. */
  drop(row: number, tier: number): boolean {
    const slots = this.slotsOf(row, tier);
    for (let rest = slots; rest !== 0; rest &= rest - 1) {
      const column = this.counts[(31 - Math.clz32(rest & -rest)) * TIER_COUNT + tier] as Uint8Array;
      column[row] = 0;
    }
    if (slots !== 0) this.touch(row);
    return slots !== 0;
  }

  isIdle(row: number): boolean {
    for (let tier = 0; tier < TIER_COUNT; tier++) if (this.slotsOf(row, tier) !== 0) return false;
    return true;
  }

  /** The next `drain` reports everything as if nothing had been published. */
  unpublish(): void {
    this.published.fill(0);
    this.judged = -1;
  }

  /**
   * Reports changed rows and makes what they hold the published state: `visit` with what was published of the row and of
   * its key, and what is now; several rows of one key are reported one after another, all but the last with no change of
   * the key. Forgets rows nobody holds; `forget` is told of each of those just before.
   */
  drain(
    visit: (row: number, before: number, after: number, keyBefore: number, keyAfter: number) => void,
    forget: (row: number) => void,
  ): void {
    if (this.judged !== this.groups.version) {
      this.judged = this.groups.version;
      for (let row = 0; row < this.rows.bound; row++) if (!this.isIdle(row)) this.touch(row);
    }
    const { dirty, dirtyBits } = this;
    this.dirty = [];
    for (let i = 0; i < dirty.length; i++) {
      const row = dirty[i] as number;
      if (dirtyBits[row] === 0) continue;
      if (this.areShared) {
        const { rows, run } = this;
        const twins = rows.byKey.findAll(rows.keyLow[row] as number, rows.keyHigh[row] as number, run);
        if (twins > 1) {
          this.drainRun(twins, visit, forget);
          continue;
        }
      }
      dirtyBits[row] = 0;
      const before = this.published[row] as number;
      const after = this.bitsOf(row);
      this.published[row] = after;
      if (before !== after) visit(row, before, after, before, after);
      if (after === 0 && this.isIdle(row)) this.delete(row, forget);
    }
  }

  /** Visits every row of which something is published; `keyBits` of one key's rows add up, each bit once. */
  eachPublished(visit: (row: number, bits: number, keyBits: number) => void): void {
    const { rows, published } = this;
    for (let row = 0; row < rows.bound; row++) {
      const bits = published[row] as number;
      if (bits === 0) continue;
      let keyBits = bits;
      if (this.areShared) {
        const twins = rows.byKey.findAll(rows.keyLow[row] as number, rows.keyHigh[row] as number, this.run);
        for (let t = 0; t < twins; t++) {
          const twin = this.run[t] as number;
          if (twin < row) keyBits &= ~(published[twin] as number);
        }
      }
      visit(row, bits, keyBits);
    }
  }

  /** As `drain` for the rows of one key, which are in `run`. */
  private drainRun(
    twins: number,
    visit: (row: number, before: number, after: number, keyBefore: number, keyAfter: number) => void,
    forget: (row: number) => void,
  ): void {
    const { published, run } = this;
    const bits = this.bitsOfRun(twins);
    let keyBefore = 0;
    let keyAfter = 0;
    for (let t = 0; t < twins; t++) {
      keyBefore |= published[run[t] as number] as number;
      keyAfter |= bits[t] as number;
    }
    for (let t = 0; t < twins; t++) {
      const twin = run[t] as number;
      const before = published[twin] as number;
      const after = bits[t] as number;
      this.dirtyBits[twin] = 0;
      published[twin] = after;
      const isLast = t === twins - 1;
      if (before !== after || (isLast && keyBefore !== keyAfter)) {
        visit(twin, before, after, isLast ? keyBefore : 0, isLast ? keyAfter : 0);
      }
    }
    for (const twin of run.slice(0, twins)) if (this.isIdle(twin)) this.delete(twin, forget);
  }

  /** Bits of the rows in `run`. Where groups have blocks of other sizes, a key is in different rows for different groups. */
  private bitsOfRun(rows: number): number[] {
    const { run } = this;
    if (this.groups.largestMultiple === 1) return run.slice(0, rows).map((row) => this.bitsOf(row));
    const bits = new Array<number>(rows).fill(0);
    for (let tier = 0; tier < TIER_COUNT; tier++) {
      const slots = run.slice(0, rows).map((row) => this.slotsOf(row, tier));
      const held = this.heldOn(
        tier,
        slots.reduce((all, own) => all | own, 0),
      );
      for (let t = 0; t < rows; t++) if (slots[t] !== 0) bits[t] = (bits[t] as number) | held;
    }
    return bits;
  }

  private bitsOf(row: number): number {
    let bits = 0;
    for (let tier = 0; tier < TIER_COUNT; tier++) {
      if (this.groups.seenOn(tier) !== 0) bits |= this.heldOn(tier, this.slotsOf(row, tier));
    }
    return bits;
  }

  private heldOn(tier: number, slots: number): number {
    if (slots === 0) return 0;
    const dense = this.groups.dense[tier] as number;
    const window = this.groups.window[tier] as number;
    const isDense = dense !== 0 && (slots & dense) === dense ? 1 : 0;
    const isWindow = window !== 0 && (slots & window) === window ? 1 << TIER_COUNT : 0;
    return (isDense | isWindow) << tier;
  }

  /** Slots of the groups that have the row on the tier. */
  private slotsOf(row: number, tier: number): number {
    let slots = 0;
    for (let rest = this.groups.seenOn(tier); rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      const column = this.counts[(31 - Math.clz32(bit)) * TIER_COUNT + tier];
      if (column !== undefined && row < column.length && column[row] !== 0) slots |= bit;
    }
    return slots;
  }

  private delete(row: number, forget: (row: number) => void): void {
    forget(row);
    this.rows.delete(row);
  }

  private touch(row: number): void {
    if (this.dirtyBits[row] === 1) return;
    this.dirtyBits[row] = 1;
    this.dirty.push(row);
  }
}
