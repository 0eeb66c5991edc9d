import type { ArenaColumns } from './arena-columns.js';
import {
  BUCKET_MASK,
  BUCKETS,
  EPOCH,
  FREE_ROW,
  ROW_CHAIN,
  ROW_CHECK,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
  ROW_WORDS,
  ROWS_FREE,
  ROWS_LIVE,
  ROWS_USED,
} from './layout.js';

/** Links of a chain fetched ahead: longer ones are rare. */
const WARM_LINKS = 3;

/**
 * Map from 64-bit keys to rows: chains from buckets whose number grows one by one (linear hashing, Litwin 1980), so that no
 * mutation ever waits for a whole table to be built anew. About one block per bucket.
 */
export class BlockRows {
  /** Keeps the loads of `warm` from being optimised away. */
  warmed = 0;

  constructor(private readonly columns: ArenaColumns) {}

  /** Distinct blocks. */
  get size(): number {
    return this.columns.control[ROWS_LIVE] as number;
  }

  /** The row of a key; 0 when it is absent. */
  find(low: number, high: number): number {
    const { control } = this.columns;
    const rows = this.columns.rows.words;
    const bucket = bucketOf(low, high, control[BUCKETS] as number, control[BUCKET_MASK] as number);
    let row = this.columns.heads.words[bucket] as number;
    while (row !== 0) {
      const at = row << ROW_SHIFT;
      if (rows[at] === low && rows[at + 1] === high) return row;
      row = rows[at + ROW_CHAIN] as number;
    }
    return 0;
  }

  /**
   * The rows of keys `from` … `to` into `found` at the same places; 0 = absent, or there with another check than the one
   * asked for. First all buckets, then all rows: the processor then waits for memory once for many keys.
   */
  findMany(
    words: Uint32Array,
    checks: Uint32Array | undefined,
    from: number,
    to: number,
    found: Uint32Array,
  ): void {
    const { control } = this.columns;
    const rows = this.columns.rows.words;
    const heads = this.columns.heads.words;
    const buckets = control[BUCKETS] as number;
    const mask = control[BUCKET_MASK] as number;
    for (let i = from; i < to; i++) {
      found[i] = heads[bucketOf(words[2 * i] as number, words[2 * i + 1] as number, buckets, mask)] as number;
    }
    for (let i = from; i < to; i++) {
      let row = found[i] as number;
      let at = row << ROW_SHIFT;
      while (row !== 0 && (rows[at] !== words[2 * i] || rows[at + 1] !== words[2 * i + 1])) {
        row = rows[at + ROW_CHAIN] as number;
        at = row << ROW_SHIFT;
      }
      const check = checks === undefined ? 0 : (checks[i] as number);
      if (check !== 0 && row !== 0) {
        const known = rows[at + ROW_CHECK] as number;
        if (known !== 0 && known !== check) row = 0;
      }
      found[i] = row;
    }
  }

  /**
   * Brings what `find` will read of these keys near the processor: link by link of all chains at once, so that it waits for
   * memory once for many keys.
   */
  warm(words: Uint32Array, from: number, to: number, scratch: Uint32Array): void {
    const { control } = this.columns;
    const rows = this.columns.rows.words;
    const heads = this.columns.heads.words;
    const buckets = control[BUCKETS] as number;
    const mask = control[BUCKET_MASK] as number;
    const count = to - from;
    for (let i = 0; i < count; i++) {
      const at = 2 * (from + i);
      scratch[i] = heads[bucketOf(words[at] as number, words[at + 1] as number, buckets, mask)] as number;
    }
    for (let link = 0; link < WARM_LINKS; link++) {
      for (let i = 0; i < count; i++) {
        const at = (scratch[i] as number) << ROW_SHIFT;
        const next = rows[at + ROW_CHAIN] as number;
        scratch[i] = rows[at] === words[2 * (from + i)] ? 0 : next;
      }
    }
    this.warmed ^= scratch[0] as number;
  }

  /** Adds an absent key, without holders; 0 when there is no room. */
  add(low: number, high: number, check: number): number {
    const { control, ages } = this.columns;
    let row = control[ROWS_FREE] as number;
    if (row === 0) {
      row = control[ROWS_USED] as number;
      const needed = (row + 1) * ROW_WORDS;
      if (needed > this.columns.rows.words.length && !this.columns.reserve(this.columns.rows, needed))
        return 0;
      control[ROWS_USED] = row + 1;
    } else {
      control[ROWS_FREE] = this.columns.rows.words[(row << ROW_SHIFT) + ROW_CHAIN] as number;
    }
    const heads = this.columns.heads.words;
    const rows = this.columns.rows.words;
    const bucket = bucketOf(low, high, control[BUCKETS] as number, control[BUCKET_MASK] as number);
    const at = row << ROW_SHIFT;
    const epoch = control[EPOCH] as number;
    rows[at] = low;
    rows[at + 1] = high;
    rows[at + ROW_CHECK] = check;
    rows[at + ROW_CHAIN] = heads[bucket] as number;
    rows[at + ROW_HOLDER] = epoch << 24;
    rows[at + ROW_MORE] = 0;
    heads[bucket] = row;
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
    this.unchain(row);
    rows[at + ROW_MORE] = FREE_ROW;
    rows[at + ROW_CHAIN] = control[ROWS_FREE] as number;
    control[ROWS_FREE] = row;
    control[ROWS_LIVE] = (control[ROWS_LIVE] as number) - 1;
  }

  /** Splits buckets until `more` blocks may come; to be called for a batch, as its loads then overlap. */
  spread(more: number): void {
    const { control } = this.columns;
    const buckets = control[BUCKETS] as number;
    const missing = (control[ROWS_LIVE] as number) + more - buckets;
    if (missing <= 0) return;
    this.columns.reserve(this.columns.heads, buckets + missing);
    const room = this.columns.heads.words.length - buckets;
    this.split(Math.min(missing, room));
  }

  /** `count` times: moves those blocks of the next bucket in turn that belong into a new one behind the last. */
  private split(count: number): void {
    const { control } = this.columns;
    const heads = this.columns.heads.words;
    const rows = this.columns.rows.words;
    let buckets = control[BUCKETS] as number;
    let mask = control[BUCKET_MASK] as number;
    this.warmSplits(buckets & (mask >>> 1), count);
    for (const end = buckets + count; buckets < end; buckets++) {
      const old = buckets & (mask >>> 1);
      let row = heads[old] as number;
      let stays = 0;
      let moves = 0;
      while (row !== 0) {
        const at = row << ROW_SHIFT;
        const next = rows[at + ROW_CHAIN] as number;
        if ((mixed(rows[at] as number, rows[at + 1] as number) & mask) === buckets) {
          rows[at + ROW_CHAIN] = moves;
          moves = row;
        } else {
          rows[at + ROW_CHAIN] = stays;
          stays = row;
        }
        row = next;
      }
      heads[old] = stays;
      heads[buckets] = moves;
      if (buckets === mask) mask = 2 * mask + 1;
    }
    control[BUCKETS] = buckets;
    control[BUCKET_MASK] = mask;
  }

  private warmSplits(first: number, count: number): void {
    const rows = this.columns.rows.words;
    const heads = this.columns.heads.words;
    let sum = 0;
    for (let i = first; i < first + count; i++)
      sum ^= rows[((heads[i] as number) << ROW_SHIFT) + ROW_CHAIN] as number;
    for (let i = first; i < first + count; i++) {
      const second = rows[((heads[i] as number) << ROW_SHIFT) + ROW_CHAIN] as number;
      sum ^= rows[(second << ROW_SHIFT) + ROW_CHAIN] as number;
    }
    this.warmed ^= sum;
  }

  private unchain(row: number): void {
    const { control } = this.columns;
    const rows = this.columns.rows.words;
    const heads = this.columns.heads.words;
    const at = row << ROW_SHIFT;
    const after = rows[at + ROW_CHAIN] as number;
    const bucket = bucketOf(
      rows[at] as number,
      rows[at + 1] as number,
      control[BUCKETS] as number,
      control[BUCKET_MASK] as number,
    );
    let before = heads[bucket] as number;
    if (before === row) {
      heads[bucket] = after;
      return;
    }
    for (;;) {
      const next = rows[(before << ROW_SHIFT) + ROW_CHAIN] as number;
      if (next === row) break;
      before = next;
    }
    rows[(before << ROW_SHIFT) + ROW_CHAIN] = after;
  }
}

/** The bucket of a key. */
export function bucketOf(low: number, high: number, buckets: number, mask: number): number {
  const bucket = mixed(low, high) & mask;
  return bucket < buckets ? bucket : bucket & (mask >>> 1);
}

/** Keys are hashes already, but of engines that may choose them badly. */
function mixed(low: number, high: number): number {
  const product = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return product ^ (product >>> 15);
}
