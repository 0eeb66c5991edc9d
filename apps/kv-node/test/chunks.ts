import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { chunkPath, writeChunk } from '@penstock/engine';

export const MODEL = 'org/model';
export const DIGEST = '252c57518d5a';

/** A chunk as an engine would write it. */
export interface TestChunk {
  readonly hash: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly crc32: number;
  readonly keys: Buffer;
}

export function makeChunk(
  sizeBytes = 1000,
  over: { hash?: string; digest?: string; rank?: number } = {},
): TestChunk {
  const { hash = randomBytes(32).toString('hex'), digest = DIGEST, rank = 0 } = over;
  const bytes = randomBytes(sizeBytes);
  const path = chunkPath({ model: MODEL, digest, rank, group: 0, hash });
  return { hash, path, bytes, crc32: crc32(bytes), keys: randomBytes(32) };
}

/** Makes a chunk and writes it into a tier's folder. */
export async function writeNew(
  root: string,
  sizeBytes?: number,
  over?: Parameters<typeof makeChunk>[1],
): Promise<TestChunk> {
  const chunk = makeChunk(sizeBytes, over);
  await writeChunk(root, chunk.path, chunk.bytes);
  return chunk;
}
