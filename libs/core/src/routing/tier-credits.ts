import { TIERS, type Tier } from '../kv/types.js';

/** What a cached token is worth by the tier it is on, 0 to 1: 1 = as good as on the GPU, 0 = as good as not cached. */
export type TierCredits = Readonly<Record<Tier, number>>;

/**
 * Loading costs time that computing would cost too: little from memory, most of it from an object store, from which a
 * block first has to come to the node.
 */
export const DEFAULT_TIER_CREDITS: TierCredits = { gpu: 1, cpu: 0.9, ssd: 0.7, s3: 0.25 };

/**
 * Tokens that a match is worth: blocks per tier (`TieredMatch.byTier`) times tokens per block times the tier's credit,
 * summed and rounded to the nearest whole token (halves up). With everything on the GPU these are the matched tokens.
 */
export function creditedTokens(byTier: readonly number[], blockSize: number, credits: TierCredits): number {
  let blocks = 0;
  for (let tier = 0; tier < TIERS.length; tier++) {
    blocks += (byTier[tier] ?? 0) * credits[TIERS[tier] as Tier];
  }
  return Math.round(blocks * blockSize);
}
