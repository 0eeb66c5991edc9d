/**
 * Whether bytes are those of a chunk. Each block must begin with its digest and equal itself shifted by one digest: as
 * strict as a comparison with `chunkBytes`, without making them.
 */
export function areChunkBytes(bytes: Buffer, digests: readonly Uint8Array[], bytesPerBlock: number): boolean {
  if (bytes.length !== digests.length * bytesPerBlock) return false;
  return digests.every((digest, i) => {
    const block = bytes.subarray(i * bytesPerBlock, (i + 1) * bytesPerBlock);
    const head = Math.min(digest.length, bytesPerBlock);
    return (
      block.subarray(0, head).equals(digest.subarray(0, head)) &&
      block.subarray(head).equals(block.subarray(0, bytesPerBlock - head))
    );
  });
}

/** Bytes of a simulated chunk: for each block its digest, over and over, so that every byte can be checked. */
export function chunkBytes(digests: readonly Uint8Array[], bytesPerBlock: number): Buffer {
  const bytes = Buffer.allocUnsafe(digests.length * bytesPerBlock);
  digests.forEach((digest, i) => {
    bytes.fill(digest, i * bytesPerBlock, (i + 1) * bytesPerBlock);
  });
  return bytes;
}
