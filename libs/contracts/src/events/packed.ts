/** Packs keys for an event field: base64 of unsigned 64-bit little-endian integers. */
export function packU64(keys: BigUint64Array): string {
  return Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength).toString('base64');
}

/** Reverse of `packU64`. Throws when the length is not a multiple of 8 bytes. */
export function unpackU64(packed: string): BigUint64Array {
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.byteLength % 8 !== 0) {
    throw new Error(`packed keys have ${bytes.byteLength} bytes, which is not a multiple of 8`);
  }
  const keys = new BigUint64Array(bytes.byteLength / 8);
  new Uint8Array(keys.buffer).set(bytes);
  return keys;
}
