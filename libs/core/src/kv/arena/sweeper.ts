import type { DenseRows } from './dense-rows.js';
import type { EngineSlots } from './engine-slots.js';
import type { HolderSets } from './holder-sets.js';

/** Dense rows looked through at the cost of one pair. */
const ROWS_PER_PAIR = 4;

/** Takes out, little by little, what fenced slots still have; a slot is given again only when that is nothing. */
export class Sweeper {
  private readonly fenced: number[] = [];
  /** Next dense row to look at for the last of `fenced`. */
  private nextDense = 1;

  constructor(
    private readonly slots: EngineSlots,
    private readonly holders: HolderSets,
    private readonly dense: DenseRows,
  ) {}

  /** The slot was retired. */
  add(slot: number): void {
    this.fenced.push(slot);
    this.nextDense = 1;
  }

  /** Whether anything is left to do. */
  get pending(): boolean {
    return this.fenced.length > 0;
  }

  /** Does `limit` steps, of a pair or some dense rows each; returns how many were left to do, up to `limit`. */
  sweep(limit: number): number {
    let left = limit;
    while (left > 0 && this.fenced.length > 0) {
      const slot = this.fenced[this.fenced.length - 1] as number;
      const link = this.slots.first(slot);
      if (link !== 0) {
        this.holders.dropLink(link, slot);
        left--;
      } else if (this.slots.densePairs(slot) > 0) {
        this.lookThrough(slot);
        left--;
      } else {
        this.fenced.pop();
        this.slots.recycle(slot);
        this.nextDense = 1;
      }
    }
    return limit - left;
  }

  private lookThrough(slot: number): void {
    if (this.nextDense >= this.dense.bound) this.nextDense = 1;
    const end = Math.min(this.nextDense + ROWS_PER_PAIR, this.dense.bound);
    for (let dense = this.nextDense; dense < end; dense++) {
      const row = this.dense.rowOf(dense);
      if (row !== 0 && this.dense.bits(dense, slot) !== 0) this.holders.unset(row, slot, 0xff);
    }
    this.nextDense = end;
  }
}
