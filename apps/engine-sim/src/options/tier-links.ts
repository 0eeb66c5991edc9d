import { DEFAULT_TIER_LINKS, STORAGE_TIERS, type TierLink } from '@penstock/core/tiering';
import { z } from 'zod';

/** `--sim-tier-links`: how fast blocks of the true size come from each fs tier to the GPU, in the order of the tiers. */
export const tierLinks = z.array(
  z.strictObject({
    gigabytesPerSecond: z.number().positive().max(100_000),
    latencyMs: z.number().min(0).max(600_000),
  }),
);

/** Links of `count` tiers: as given, else what is assumed for CPU memory, a local disk, and everything behind them. */
export function linksOfTiers(given: z.infer<typeof tierLinks>, count: number): TierLink[] {
  return Array.from({ length: count }, (_, i) => {
    const link = given[i];
    return link
      ? { bytesPerSecond: link.gigabytesPerSecond * 1e9, latencyMs: link.latencyMs }
      : DEFAULT_TIER_LINKS[STORAGE_TIERS[Math.min(i, STORAGE_TIERS.length - 1)]!];
  });
}
