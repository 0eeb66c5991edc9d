/** Seeded words that look like hashes, millions of them quickly. */
export class Words {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed, 0x9e3779b1) | 0;
  }

  keys(count: number): BigUint64Array {
    const keys = new BigUint64Array(count);
    const halves = new Uint32Array(keys.buffer);
    for (let i = 0; i < halves.length; i++) halves[i] = this.next();
    return keys;
  }

  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }

  /** `count` different numbers below `n`. */
  some(count: number, n: number): number[] {
    const all = Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < Math.min(count, n); i++) {
      const j = i + this.below(n - i);
      [all[i], all[j]] = [all[j] as number, all[i] as number];
    }
    return all.slice(0, count);
  }

  /** A counter through the finaliser of MurmurHash3. */
  private next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let x = this.state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  }
}
