import type { kvnodeV1 } from '@penstock/contracts';
import type { TierCapacityUse } from '../application/chunk-tiers.js';
import type { InventoryPart } from '../application/inventory-stream.js';
import type { CheckedCopy } from '../inventory/copy-record.js';
import { TIER_OF_NAME } from './tier-names.js';

export function copyMessage(copy: CheckedCopy): kvnodeV1.ChunkCopy {
  const { path, tier, scope, keys, sizeBytes, crc32, lastUsedMs } = copy;
  return {
    chunk: { path, scope, blockKeys: keys, sizeBytes: String(sizeBytes), crc32 },
    tier: TIER_OF_NAME[tier],
    lastUsedMs: String(Math.round(lastUsedMs)),
  };
}

export function useMessage({ tier, usedBytes, capacityBytes, chunks }: TierCapacityUse): kvnodeV1.TierUse {
  return {
    tier: TIER_OF_NAME[tier],
    usedBytes: String(usedBytes),
    capacityBytes: String(capacityBytes),
    chunks: String(chunks),
  };
}

export function partMessage(
  { listing, stored, removed }: InventoryPart,
  node: string,
  incarnation: number,
  uses: readonly TierCapacityUse[],
): kvnodeV1.WatchInventoryResponse {
  const use = (tier: 'cpu' | 'ssd') => {
    const found = uses.find((each) => each.tier === tier);
    return found && useMessage(found);
  };
  return {
    node,
    incarnation: String(incarnation),
    listing,
    stored: stored.map(copyMessage),
    removed: removed.map(({ path, tier, reason }) => ({ path, tier: TIER_OF_NAME[tier], reason })),
    cpu: use('cpu'),
    ssd: use('ssd'),
  };
}
