/** A CRC-32 as S3's `x-amz-checksum-crc32` has it: 4 bytes big-endian in base64. */
export function crc32Base64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32 >>> 0);
  return bytes.toString('base64');
}
