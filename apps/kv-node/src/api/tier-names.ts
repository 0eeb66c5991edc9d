import { kvnodeV1 } from '@penstock/contracts';
import type { TierName } from '../tiers/tier-name.js';

const { Tier } = kvnodeV1;

export const TIER_OF_NAME: Readonly<Record<TierName, kvnodeV1.Tier>> = {
  cpu: Tier.TIER_CPU,
  ssd: Tier.TIER_SSD,
  s3: Tier.TIER_S3,
};

/** Undefined for `TIER_UNSPECIFIED`. */
export const NAME_OF_TIER: Readonly<Record<kvnodeV1.Tier, TierName | undefined>> = {
  [Tier.TIER_UNSPECIFIED]: undefined,
  [Tier.TIER_CPU]: 'cpu',
  [Tier.TIER_SSD]: 'ssd',
  [Tier.TIER_S3]: 's3',
};
