import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { readingCopy, sourceCopy } from './copy-source.js';
import { objectMetadata } from './object-metadata.js';

/**
 * Copies a chunk from a folder to S3, with what must be known to bring it back; where the folder has it no more and S3
 * has it, that was done before. The path must be locked.
 * @returns bytes copied
 * @throws ChunkProblem
 */
export async function copyToS3(tiers: ChunkTiers, path: string, from: FolderTier): Promise<number> {
  const { s3 } = tiers;
  if (tiers.inventory.get(from, path) === undefined && (await s3.has(path))) return 0;
  const copy = sourceCopy(tiers, from, path);
  const { sizeBytes, crc32, keys, scope } = copy;
  const metadata = objectMetadata(crc32, keys, scope);
  await readingCopy(tiers, copy, (parts) => s3.write(path, parts, { sizeBytes, crc32 }, metadata));
  return sizeBytes;
}
