import { RowIndex } from './row-index.js';

const FIRST_CAPACITY = 64;
/** Steps that are small enough to leave little unused: the columns are most of what an engine costs. */
const GROWTH = 1.25;
const NONE = -1;

/**
 * One row per engine hash: the hash, our key and its check bits, in typed arrays found by either name. Owners keep further
 * columns by row and grow them to `capacity`. 20 bytes per row, and 6 of slots below 65,535 rows (12 above).
 */
export class LedgerRows {
  hashLow = new Uint32Array(FIRST_CAPACITY);
  hashHigh = new Uint32Array(FIRST_CAPACITY);
  keyLow = new Uint32Array(FIRST_CAPACITY);
  keyHigh = new Uint32Array(FIRST_CAPACITY);
  check = new Uint32Array(FIRST_CAPACITY);
  readonly byHash = new RowIndex(this.hashLow, this.hashHigh);
  readonly byKey = new RowIndex(this.keyLow, this.keyHigh);
  /** Rows ever given are below it. */
  bound = 0;
  private freeCount = 0;
  /** Head of the free rows; each names the next one in its `hashLow`. */
  private free = NONE;

  get size(): number {
    return this.bound - this.freeCount;
  }

  get capacity(): number {
    return this.hashLow.length;
  }

  get bytes(): number {
    return 20 * this.capacity + this.byHash.bytes + this.byKey.bytes;
  }

  /** A row for a hash that has none. */
  add(hashLow: number, hashHigh: number, keyLow: number, keyHigh: number, check: number): number {
    if (this.free === NONE && this.bound === this.capacity) this.grow();
    let row = this.free;
    if (row === NONE) row = this.bound++;
    else {
      this.free = (this.hashLow[row] as number) - 1;
      this.freeCount--;
    }
    this.hashLow[row] = hashLow;
    this.hashHigh[row] = hashHigh;
    this.keyLow[row] = keyLow;
    this.keyHigh[row] = keyHigh;
    this.check[row] = check;
    this.byHash.add(row);
    this.byKey.add(row);
    return row;
  }

  delete(row: number): void {
    this.byHash.delete(row);
    this.byKey.delete(row);
    this.hashLow[row] = this.free + 1;
    this.free = row;
    this.freeCount++;
  }

  private grow(): void {
    const capacity = Math.ceil(this.capacity * GROWTH);
    this.hashLow = longer(this.hashLow, capacity);
    this.hashHigh = longer(this.hashHigh, capacity);
    this.keyLow = longer(this.keyLow, capacity);
    this.keyHigh = longer(this.keyHigh, capacity);
    this.check = longer(this.check, capacity);
    this.byHash.resize(this.hashLow, this.hashHigh, this.bound);
    this.byKey.resize(this.keyLow, this.keyHigh, this.bound);
  }
}

/** The same column with room for `length` values, new ones zero. */
export function longer<T extends Uint8Array | Uint32Array>(column: T, length: number): T {
  if (column.length >= length) return column;
  const larger = new (column.constructor as new (length: number) => T)(length);
  larger.set(column);
  return larger;
}
