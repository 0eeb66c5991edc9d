import { halves } from './key-table.js';

/** Grows a list of 64-bit keys from their halves without making a BigInt of any. */
export class U64List {
  private keys = new BigUint64Array(16);
  private words = halves(this.keys);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(low: number, high: number): void {
    if (this.count === this.keys.length) {
      const larger = new BigUint64Array(this.count * 2);
      larger.set(this.keys);
      this.keys = larger;
      this.words = halves(larger);
    }
    this.words[2 * this.count] = low;
    this.words[2 * this.count + 1] = high;
    this.count++;
  }

  toArray(): BigUint64Array {
    return this.keys.slice(0, this.count);
  }
}
