/** Bytes of a simulated chunk: for each block its digest, over and over, so that every byte can be checked. */
export function chunkBytes(digests: readonly Uint8Array[], bytesPerBlock: number): Buffer {
  const bytes = Buffer.allocUnsafe(digests.length * bytesPerBlock);
  digests.forEach((digest, i) => {
    bytes.fill(digest, i * bytesPerBlock, (i + 1) * bytesPerBlock);
  });
  return bytes;
}
