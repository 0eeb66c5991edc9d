const EMPTY = new Uint32Array(0);
const FIRST_LENGTH = 16;

/** Grows columns of blocks from the halves of their names, without making a BigInt of any. */
export class BlockColumns {
  private hashes = EMPTY;
  private keys = EMPTY;
  private checkBits = EMPTY;
  private checked = false;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(hashLow: number, hashHigh: number, keyLow: number, keyHigh: number, check: number): void {
    const at = this.count++;
    if (at === this.checkBits.length) this.grow();
    this.hashes[2 * at] = hashLow;
    this.hashes[2 * at + 1] = hashHigh;
    this.keys[2 * at] = keyLow;
    this.keys[2 * at + 1] = keyHigh;
    this.checkBits[at] = check;
    if (check !== 0) this.checked = true;
  }

  engineHashes(): BigUint64Array {
    return new BigUint64Array(this.hashes.slice(0, 2 * this.count).buffer);
  }

  ourKeys(): BigUint64Array {
    return new BigUint64Array(this.keys.slice(0, 2 * this.count).buffer);
  }

  /** Absent when no block has any. */
  checks(): Uint32Array | undefined {
    return this.checked ? this.checkBits.slice(0, this.count) : undefined;
  }

  private grow(): void {
    const length = Math.max(FIRST_LENGTH, 2 * this.checkBits.length);
    this.hashes = wider(this.hashes, 2 * length);
    this.keys = wider(this.keys, 2 * length);
    this.checkBits = wider(this.checkBits, length);
  }
}

function wider(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(column);
  return larger;
}
