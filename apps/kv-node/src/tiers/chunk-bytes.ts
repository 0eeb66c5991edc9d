import { ChunkProblem } from './chunk-problem.js';

/** What a copy is, or must be. */
export interface ChunkBytes {
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** @throws ChunkProblem `size` or `checksum` */
export function requireBytes(found: ChunkBytes, expected: ChunkBytes, what: string): void {
  if (found.sizeBytes !== expected.sizeBytes) {
    throw new ChunkProblem('size', `${what} has ${found.sizeBytes} bytes, not ${expected.sizeBytes}`);
  }
  if (found.crc32 !== expected.crc32) {
    const hex = (value: number) => value.toString(16).padStart(8, '0');
    throw new ChunkProblem('checksum', `${what} has CRC-32 ${hex(found.crc32)}, not ${hex(expected.crc32)}`);
  }
}
