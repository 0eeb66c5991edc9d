/** Packs keys for an event field: base64 of unsigned 64-bit little-endian integers. */
export function packU64(keys: BigUint64Array): string {
  return packed(keys);
}

/** Reverse of `packU64`. Throws when the length is not a multiple of 8 bytes. */
export function unpackU64(packed: string): BigUint64Array {
  return new BigUint64Array(unpacked(packed, 8));
}

/** Packs check bits for an event field: base64 of unsigned 32-bit little-endian integers. */
export function packU32(values: Uint32Array): string {
  return packed(values);
}

/** Reverse of `packU32`. Throws when the length is not a multiple of 4 bytes. */
export function unpackU32(packed: string): Uint32Array {
  return new Uint32Array(unpacked(packed, 4));
}

function packed({ buffer, byteOffset, byteLength }: BigUint64Array | Uint32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Written straight into memory of its own: the pool of `Buffer` aligns nothing. */
function unpacked(text: string, bytesEach: number): ArrayBuffer {
  const bytes = Buffer.byteLength(text, 'base64');
  const target = new ArrayBuffer(bytes);
  const written = Buffer.from(target).write(text, 'base64');
  if (bytes % bytesEach !== 0 || written !== bytes)
    throw new Error(`packed keys have ${written} bytes, which is not a multiple of ${bytesEach}`);
  return target;
}
