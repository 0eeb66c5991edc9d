import { type CheckedCopy, isChecked } from '../inventory/copy-record.js';
import { checkedParts } from '../tiers/checked-parts.js';
import { ChunkProblem } from '../tiers/chunk-problem.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';

/**
 * The record of a copy that is to be read.
 * @throws ChunkProblem `missing`, or `busy` while its checksum is not known
 */
export function sourceCopy(tiers: ChunkTiers, tier: FolderTier, path: string): CheckedCopy {
  const record = tiers.inventory.get(tiers.folder(tier).tier, path);
  if (record === undefined) throw new ChunkProblem('missing', `${path} is not known on the ${tier} tier`);
  if (!isChecked(record)) {
    throw new ChunkProblem('busy', `the checksum of ${path} on the ${tier} tier is not known yet; try again`);
  }
  return record;
}

/**
 * Works with the bytes of a copy in a folder; the path must be locked. A copy whose bytes are not what the inventory says
 * is put aside, one that is gone is taken out of the inventory.
 */
export async function readingCopy<T>(
  tiers: ChunkTiers,
  copy: CheckedCopy,
  work: (parts: AsyncGenerator<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { tier, path } = copy;
  // What goes wrong where the bytes go to is not the fault of the copy.
  let fault: ChunkProblem | undefined;
  async function* parts(): AsyncGenerator<Uint8Array> {
    try {
      yield* checkedParts(tiers.folder(tier).read(path), copy, `${path} on the ${tier} tier`);
    } catch (error) {
      if (error instanceof ChunkProblem) fault = error;
      throw error;
    }
  }
  try {
    return await work(parts());
  } catch (error) {
    if (fault?.code === 'size' || fault?.code === 'checksum') await tiers.quarantine(tier, path, fault);
    if (fault?.code === 'missing') tiers.inventory.remove(tier, path, 'missing');
    throw fault ?? error;
  }
}
