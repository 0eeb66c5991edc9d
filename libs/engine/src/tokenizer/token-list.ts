/** Token ids that grow at the end. */
export class TokenList {
  private ids: Uint32Array;
  /** May be set to fewer: what is behind is dropped. */
  length = 0;

  constructor(capacity = 256) {
    this.ids = new Uint32Array(capacity);
  }

  push(id: number): void {
    this.reserve(1);
    this.ids[this.length++] = id;
  }

  pushAll(ids: ArrayLike<number>): void {
    this.reserve(ids.length);
    this.ids.set(ids, this.length);
    this.length += ids.length;
  }

  /** A copy of exactly what is in it. */
  toArray(): Uint32Array {
    return this.ids.slice(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.ids.length) return;
    const larger = new Uint32Array(Math.max(this.length + more, 2 * this.ids.length));
    larger.set(this.ids);
    this.ids = larger;
  }
}
