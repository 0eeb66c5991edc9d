/** Writes packed little-endian values into a buffer of exactly the size given. */
export class ByteWriter {
  readonly bytes: Buffer;
  private offset = 0;

  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  /** Leaves `size` bytes zero. */
  skip(size: number): void {
    this.offset += size;
  }

  u8(value: number): void {
    this.offset = this.bytes.writeUInt8(value, this.offset);
  }

  u32(value: number): void {
    this.offset = this.bytes.writeUInt32LE(value, this.offset);
  }

  /** A non-negative integer up to 2^53 - 1, as 64 bits. */
  safeInteger(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} is not an integer from 0 to 2^53 - 1`);
    this.offset = this.bytes.writeBigUInt64LE(BigInt(value), this.offset);
  }

  u64Array(values: BigUint64Array): void {
    this.copy(values);
  }

  u32Array(values: Uint32Array): void {
    this.copy(values);
  }

  private copy(values: BigUint64Array | Uint32Array): void {
    this.bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.offset);
    this.offset += values.byteLength;
  }
}
