import type { ArenaColumns } from './arena-columns.js';
import { BlockDirectory } from './block-directory.js';
import {
  EPOCH,
  FREE_ROW,
  ROW_CHECK,
  ROW_FREE,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
  ROW_WORDS,
  ROWS_FREE,
  ROWS_LIVE,
  ROWS_USED,
} from './layout.js';

/** The rows of blocks, found by key through `BlockDirectory`. */
export class BlockRows {
  readonly directory: BlockDirectory;

  constructor(private readonly columns: ArenaColumns) {
    this.directory = new BlockDirectory(columns);
  }

  /** The row of a key; 0 when it is absent. */
  find(low: number, high: number): number {
    return this.directory.find(low, high);
  }

  /**
   * The rows of keys `from` … `to` into `found` at the same places; 0 = absent, or there with another check than the one
   * asked for.
   */
  findMany(
    words: Uint32Array,
    checks: Uint32Array | undefined,
    from: number,
    to: number,
    found: Uint32Array,
  ): void {
    this.directory.findMany(words, from, to, found);
    if (checks === undefined) return;
    const rows = this.columns.rows.words;
    for (let i = from; i < to; i++) {
      const known = rows[((found[i] as number) << ROW_SHIFT) + ROW_CHECK] as number;
      if (known !== 0 && checks[i] !== 0 && known !== checks[i]) found[i] = 0;
    }
  }

  /** Adds an absent key, without holders; 0 when there is no room, -1 when there is none for keys of such a hash. */
  add(low: number, high: number, check: number): number {
    const { control, ages } = this.columns;
    if (!this.directory.makeRoom(low, high)) return -1;
    let row = control[ROWS_FREE] as number;
    if (row === 0) {
      row = control[ROWS_USED] as number;
      if (!this.columns.reserve(this.columns.rows, (row + 1) * ROW_WORDS)) return 0;
      control[ROWS_USED] = row + 1;
    } else {
      control[ROWS_FREE] = this.columns.rows.words[(row << ROW_SHIFT) + ROW_FREE] as number;
    }
    const rows = this.columns.rows.words;
    const at = row << ROW_SHIFT;
    const epoch = control[EPOCH] as number;
    rows[at] = low;
    rows[at + 1] = high;
    rows[at + ROW_CHECK] = check;
    rows[at + ROW_HOLDER] = epoch << 24;
    rows[at + ROW_MORE] = 0;
    this.directory.insert(low, high, row);
    ages[epoch] = (ages[epoch] as number) + 1;
    control[ROWS_LIVE] = (control[ROWS_LIVE] as number) + 1;
    return row;
  }

  /** Forgets a row without holders. */
  delete(row: number): void {
    const { control, ages } = this.columns;
    const rows = this.columns.rows.words;
    const at = row << ROW_SHIFT;
    const stamp = (rows[at + ROW_HOLDER] as number) >>> 24;
    ages[stamp] = (ages[stamp] as number) - 1;
    this.directory.delete(rows[at] as number, rows[at + 1] as number, row);
    rows[at + ROW_MORE] = FREE_ROW;
    rows[at + ROW_FREE] = control[ROWS_FREE] as number;
    control[ROWS_FREE] = row;
    control[ROWS_LIVE] = (control[ROWS_LIVE] as number) - 1;
  }
}
