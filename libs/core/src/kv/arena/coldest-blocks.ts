import type { ArenaColumns } from './arena-columns.js';
import { EPOCH, FREE_ROW, PAIRS, ROW_HOLDER, ROW_MORE, ROW_SHIFT, ROWS_LIVE, ROWS_USED } from './layout.js';

/** Stores of new pairs in one epoch: this part of the pairs there are. */
const EPOCHS_PER_TURN = 32;
const SHORTEST_EPOCH = 16;
/** What counts as cold: the oldest blocks that make up this part of all. */
const COLD_PART = 1 / 32;
/** Rows looked at for one victim at most. */
const LONGEST_LOOK = 1024;
const STAMPS = 256;

/**
 * Finds blocks to evict: those not stored or looked up for longest. A block carries the epoch in which it was used last; an
 * epoch is some thousandths of the index's turnover long, and blocks are counted per epoch, so that a hand that goes around
 * the rows knows which epochs are cold. Approximate on purpose: what lies between the hand and the coldest block costs a
 * bounded look only.
 */
export class ColdestBlocks {
  private hand = 1;
  private sinceEpoch = 0;

  constructor(private readonly columns: ArenaColumns) {}

  /** Pairs were added. */
  count(added: number): void {
    const { control } = this.columns;
    const length = Math.max(SHORTEST_EPOCH, (control[PAIRS] as number) / EPOCHS_PER_TURN);
    this.sinceEpoch += added;
    if (this.sinceEpoch < length) return;
    this.sinceEpoch = 0;
    control[EPOCH] = ((control[EPOCH] as number) + 1) % STAMPS;
  }

  /** The row of a block that is cold; 0 when there is no block. */
  next(): number {
    const { control } = this.columns;
    const rows = this.columns.rows.words;
    const epoch = control[EPOCH] as number;
    const used = control[ROWS_USED] as number;
    const cold = this.coldAge();
    let oldest = 0;
    let oldestAge = -1;
    for (let looked = Math.min(LONGEST_LOOK, used - 1); looked > 0; looked--) {
      if (this.hand >= used) this.hand = 1;
      const row = this.hand++;
      const at = row << ROW_SHIFT;
      if (rows[at + ROW_MORE] === FREE_ROW) continue;
      const age = (epoch - ((rows[at + ROW_HOLDER] as number) >>> 24)) & (STAMPS - 1);
      if (age >= cold) return row;
      if (age <= oldestAge) continue;
      oldest = row;
      oldestAge = age;
    }
    return oldest;
  }

  /** Age from which on a block counts as cold. */
  private coldAge(): number {
    const { control, ages } = this.columns;
    const epoch = control[EPOCH] as number;
    let left = Math.max(1, (control[ROWS_LIVE] as number) * COLD_PART);
    for (let age = STAMPS - 1; age > 0; age--) {
      left -= ages[(epoch - age) & (STAMPS - 1)] as number;
      if (left <= 0) return age;
    }
    return 0;
  }
}

/** Notes that a block was used now. */
export function touch(columns: ArenaColumns, row: number): void {
  const rows = columns.rows.words;
  const at = (row << ROW_SHIFT) + ROW_HOLDER;
  const holder = rows[at] as number;
  const epoch = columns.control[EPOCH] as number;
  const stamp = holder >>> 24;
  if (stamp === epoch) return;
  rows[at] = (holder & 0xffffff) | (epoch << 24);
  const { ages } = columns;
  ages[stamp] = (ages[stamp] as number) - 1;
  ages[epoch] = (ages[epoch] as number) + 1;
}
