import { isChecked } from '../inventory/copy-record.js';
import { checkedParts } from '../tiers/checked-parts.js';
import { ChunkProblem } from '../tiers/chunk-problem.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { readingCopy, sourceCopy } from './copy-source.js';
import type { ChunkFacts, MoveOrder } from './move-order.js';
import { readObjectMetadata } from './object-metadata.js';

/**
 * Copies a chunk into a folder, from the other one or from S3, unless a copy is there. The path must be locked.
 * @returns bytes copied
 * @throws ChunkProblem
 */
export async function copyToFolder(tiers: ChunkTiers, order: MoveOrder, to: FolderTier): Promise<number> {
  const { path, from } = order;
  if (await isThere(tiers, to, path)) return 0;
  if (from === 's3') {
    const facts = await factsOnS3(tiers, order);
    return write(tiers, to, path, facts, tiers.clock.nowMs(), () => openOnS3(tiers, path, facts));
  }
  const copy = sourceCopy(tiers, from, path);
  return readingCopy(tiers, copy, (parts) =>
    write(tiers, to, path, copy, copy.lastUsedMs, async () => parts),
  );
}

async function write(
  tiers: ChunkTiers,
  tier: FolderTier,
  path: string,
  { sizeBytes, crc32, scope, keys }: ChunkFacts,
  lastUsedMs: number,
  open: () => Promise<AsyncGenerator<Uint8Array>>,
): Promise<number> {
  const folder = tiers.folder(tier);
  const giveBack = tiers.room.reserve(folder, sizeBytes);
  try {
    const parts = await open();
    await folder.write(path, parts, sizeBytes).finally(() => parts.return(undefined));
    tiers.inventory.put({ path, tier, sizeBytes, crc32, scope, keys, lastUsedMs });
  } finally {
    giveBack();
  }
  return sizeBytes;
}

/** Whether the tier has a copy whose checksum is known. */
async function isThere(tiers: ChunkTiers, tier: FolderTier, path: string): Promise<boolean> {
  const record = tiers.inventory.get(tier, path);
  if (record === undefined || !isChecked(record)) return false;
  const found = await tiers.folder(tier).stat(path);
  if (found?.sizeBytes === record.sizeBytes) return true;
  if (found === undefined) tiers.inventory.remove(tier, path, 'missing');
  return false;
}

async function factsOnS3(tiers: ChunkTiers, { path, chunk }: MoveOrder): Promise<ChunkFacts> {
  if (chunk !== undefined) return chunk;
  const { sizeBytes, metadata } = await tiers.s3.head(path);
  const { crc32, scope, keys } = readObjectMetadata(metadata);
  if (crc32 === undefined) {
    throw new ChunkProblem(
      'invalid',
      `${path} on S3 has no penstock-crc32; say size and checksum in the order`,
    );
  }
  return { sizeBytes, crc32, scope, keys };
}

async function openOnS3(
  tiers: ChunkTiers,
  path: string,
  facts: ChunkFacts,
): Promise<AsyncGenerator<Uint8Array>> {
  const { body, sizeBytes } = await tiers.s3.open(path);
  const what = `${path} on S3`;
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield* checkedParts(body, facts, what);
  }
  if (sizeBytes === facts.sizeBytes) return parts();
  await body.return?.();
  throw new ChunkProblem('size', `${what} has ${sizeBytes} bytes, not ${facts.sizeBytes}`);
}
