import { CorruptError } from './corrupt-error.js';

/** Reads packed little-endian values; running past the end is corruption. */
export class ByteReader {
  private offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  /** Unsigned integers that fit a number, stored as 64 bits. */
  safeInteger(): number {
    const value = this.bytes.readBigUInt64LE(this.take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new CorruptError(`integer ${value} is out of range`);
    return Number(value);
  }

  u64Array(length: number): BigUint64Array {
    return this.copyTo(new BigUint64Array(length));
  }

  u32Array(length: number): Uint32Array {
    return this.copyTo(new Uint32Array(length));
  }

  /** A copy, as values in a buffer need not be aligned. */
  private copyTo<T extends BigUint64Array | Uint32Array>(values: T): T {
    const start = this.take(values.byteLength);
    new Uint8Array(values.buffer).set(this.bytes.subarray(start, start + values.byteLength));
    return values;
  }

  private take(size: number): number {
    const start = this.offset;
    if (this.remaining < size)
      throw new CorruptError(`${this.remaining} bytes are left where ${size} are needed`);
    this.offset += size;
    return start;
  }
}
