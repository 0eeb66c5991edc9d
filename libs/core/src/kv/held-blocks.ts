import { grown, KeyTable } from './key-table.js';
import { TIERS } from './types.js';

const TIER_COUNT = TIERS.length;
const MAX_COUNT = 0xffff;

/**
 * 64-bit names counted per tier, and what of them was published: the difference is the next delta. A name is held on a
 * tier while its count there is above 0. Ids are those of `table`.
 */
export class HeldBlocks {
  readonly table = new KeyTable(256);
  private counts = new Uint16Array(256 * TIER_COUNT);
  private held = new Uint8Array(256);
  private published = new Uint8Array(256);
  private isDirty = new Uint8Array(256);
  private dirty: number[] = [];

  /** Names whose holding changed since the last `drain` (an upper bound). */
  get changes(): number {
    return this.dirty.length;
  }

  /** Id of the name, made when new. A new name must be given a count before the next `drain`, which forgets idle ones. */
  open(low: number, high: number): number {
    const id = this.table.add(low, high);
    const capacity = this.table.capacity;
    if (this.held.length < capacity) {
      this.counts = grown(this.counts, capacity * TIER_COUNT);
      this.held = grown(this.held, capacity);
      this.published = grown(this.published, capacity);
      this.isDirty = grown(this.isDirty, capacity);
    }
    return id;
  }

  heldBits(id: number): number {
    return this.held[id] as number;
  }

  publishedBits(id: number): number {
    return this.published[id] as number;
  }

  /** Counts one more on the tier; true when it is the first. */
  add(id: number, tier: number): boolean {
    const at = id * TIER_COUNT + tier;
    const count = this.counts[at] as number;
    if (count < MAX_COUNT) this.counts[at] = count + 1;
    if (count > 0) return false;
    this.held[id] = (this.held[id] as number) | (1 << tier);
    this.touch(id);
    return true;
  }

  /** Counts one less on the tier; true when it was the last one. */
  subtract(id: number, tier: number): boolean {
    const at = id * TIER_COUNT + tier;
    const count = this.counts[at] as number;
    if (count === 0) return false;
    this.counts[at] = count - 1;
    if (count > 1) return false;
    this.held[id] = (this.held[id] as number) & ~(1 << tier);
    this.touch(id);
    return true;
  }

  /**
   * Reports every changed name with its bits before and after, makes them the published ones, forgets names nobody holds;
   * `forget` is told of each of those just before.
   */
  drain(visit: (id: number, before: number, after: number) => void, forget?: (id: number) => void): void {
    for (const id of this.dirty) {
      const before = this.published[id] as number;
      const after = this.held[id] as number;
      this.isDirty[id] = 0;
      this.published[id] = after;
      if (before !== after) visit(id, before, after);
      if (after !== 0) continue;
      forget?.(id);
      this.table.delete(id);
    }
    this.dirty = [];
  }

  /** Visits every published name. */
  eachPublished(visit: (id: number, bits: number) => void): void {
    for (let id = 0; id < this.table.idBound; id++) {
      const bits = this.published[id] as number;
      if (bits !== 0) visit(id, bits);
    }
  }

  private touch(id: number): void {
    if (this.isDirty[id] === 1) return;
    this.isDirty[id] = 1;
    this.dirty.push(id);
  }
}
