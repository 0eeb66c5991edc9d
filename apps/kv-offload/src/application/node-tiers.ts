import { kvnodeV1 } from '@penstock/contracts';
import type { StorageTier } from '@penstock/core/tiering';

const TO_MESSAGE = {
  cpu: kvnodeV1.Tier.TIER_CPU,
  ssd: kvnodeV1.Tier.TIER_SSD,
  s3: kvnodeV1.Tier.TIER_S3,
} as const satisfies Record<StorageTier, kvnodeV1.Tier>;

/** A tier as kv-nodes name it; `TIER_UNSPECIFIED` for none. */
export function nodeTier(tier: StorageTier | undefined): kvnodeV1.Tier {
  return tier === undefined ? kvnodeV1.Tier.TIER_UNSPECIFIED : TO_MESSAGE[tier];
}

/** Tier of a copy on a node; undefined for anything else. */
export function localTier(tier: kvnodeV1.Tier): 'cpu' | 'ssd' | undefined {
  if (tier === kvnodeV1.Tier.TIER_CPU) return 'cpu';
  return tier === kvnodeV1.Tier.TIER_SSD ? 'ssd' : undefined;
}
