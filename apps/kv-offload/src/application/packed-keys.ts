/** Keys of a message: 8 bytes little-endian each. Undefined when the length is no multiple of 8. */
export function keysOf(bytes: Uint8Array): BigUint64Array | undefined {
  // A copy: the bytes of a message need not start at a multiple of 8.
  return bytes.length % 8 === 0 ? new BigUint64Array(new Uint8Array(bytes).buffer) : undefined;
}

/** Reverse of `keysOf`, without a copy. */
export function bytesOf(keys: BigUint64Array): Buffer {
  return Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
}
