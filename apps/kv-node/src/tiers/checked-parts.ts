import { crc32 } from 'node:zlib';
import { type ChunkBytes, requireBytes } from './chunk-bytes.js';

/**
 * Passes the bytes of a copy on, and fails at their end when they are not what they should be: whoever writes them gives
 * them their name only after that.
 * @throws ChunkProblem `size` or `checksum`
 */
export async function* checkedParts(
  parts: AsyncIterable<Uint8Array>,
  expected: ChunkBytes,
  what: string,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  let crc = 0;
  for await (const part of parts) {
    sizeBytes += part.byteLength;
    crc = crc32(part, crc);
    if (sizeBytes > expected.sizeBytes) break;
    yield part;
  }
  requireBytes({ sizeBytes, crc32: crc }, expected, what);
}
