import { grown, KeyTable } from './key-table.js';

/**
 * Key behind each of the engine hashes forgotten last: a file may be announced after the last of its blocks has left the
 * GPU. Typed arrays, about 36 bytes per hash, that grow with what there is to remember.
 */
export class RecentKeys {
  private readonly table = new KeyTable(64);
  private keys = new Uint32Array(128);
  /** Ids from the oldest on, in a ring that begins at `next` once it is full. */
  private order = new Uint32Array(64);
  private next = 0;

  constructor(private readonly capacity: number) {}

  /** Remembers a hash and its key, both as halves; the oldest one makes room. */
  add(low: number, high: number, keyLow: number, keyHigh: number): void {
    if (this.capacity === 0) return;
    const isNew = this.table.find(low, high) < 0;
    if (isNew && this.table.size === this.capacity) this.table.delete(this.order[this.next] as number);
    const id = this.table.add(low, high);
    this.keys = grown(this.keys, 2 * this.table.capacity);
    this.keys[2 * id] = keyLow;
    this.keys[2 * id + 1] = keyHigh;
    if (!isNew) return;
    this.order = grown(this.order, Math.min(this.capacity, this.table.capacity));
    this.order[this.next] = id;
    this.next = (this.next + 1) % this.capacity;
  }

  /** Writes the key's halves to `to[at]` and `to[at + 1]`; false when the hash is not remembered. */
  find(low: number, high: number, to: Uint32Array, at: number): boolean {
    const id = this.table.find(low, high);
    if (id < 0) return false;
    to[at] = this.keys[2 * id] as number;
    to[at + 1] = this.keys[2 * id + 1] as number;
    return true;
  }
}
