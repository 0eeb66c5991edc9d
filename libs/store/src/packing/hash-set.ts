/** 64-bit hashes seen, as their halves in an open-addressed table of fixed size: no object and no bigint per hash. */
export class HashSet {
  private readonly slots: Uint32Array;
  private readonly used: Uint8Array;
  private readonly mask: number;

  /** `limit`: most hashes that will be added. */
  constructor(limit: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(limit, 4) * 2));
    this.slots = new Uint32Array(capacity * 2);
    this.used = new Uint8Array(capacity);
    this.mask = capacity - 1;
  }

  /** Whether the hash was not there yet. */
  add(low: number, high: number): boolean {
    const slot = this.find(low, high);
    if (this.used[slot] === 1) return false;
    this.used[slot] = 1;
    this.slots[slot * 2] = low;
    this.slots[slot * 2 + 1] = high;
    return true;
  }

  has(low: number, high: number): boolean {
    return this.used[this.find(low, high)] === 1;
  }

  /** Engines may number blocks instead of hashing them, so the halves are mixed before the low bits choose a slot. */
  private find(low: number, high: number): number {
    const { slots, used, mask } = this;
    let mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    let slot = mixed & mask;
    while (used[slot] === 1 && (slots[slot * 2] !== low || slots[slot * 2 + 1] !== high))
      slot = (slot + 1) & mask;
    return slot;
  }
}
