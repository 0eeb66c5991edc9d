import { TIERS, type Tier, type TieredMatch, type TierKeys } from '@penstock/core/kv';
import type { FleetPool } from './fleet.js';
import type { PrefixKeys } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';
import { storageOfPool } from './storage-of-pool.js';

/** Keys told of one decision at most, so that its event stays small. */
export const MAX_LOADS = 2048;

/** Where the prefix of a chosen engine lies. */
export interface CachedByTier {
  /** Prompt tokens by tier; tiers without any are left out. */
  readonly matchedByTier: Readonly<Partial<Record<Tier, number>>>;
  /** What the engine can load from storage behind its own prefix; absent when nothing. */
  readonly loads?: readonly TierKeys[];
}

/** The tiers of a match that was counted a moment ago, for the endpoint at `position`. */
export function cachedByTier(
  match: TieredMatch,
  blocks: PrefixKeys,
  pool: FleetPool,
  position: number,
  view: PrefixView,
): CachedByTier {
  const matchedByTier: Partial<Record<Tier, number>> = {};
  for (const [t, tier] of TIERS.entries()) {
    const count = match.byTier[t] ?? 0;
    if (count > 0) matchedByTier[tier] = count * blocks.blockSize;
  }
  if (match.blocks === match.ownBlocks) return { matchedByTier };
  const holders = storageOfPool(pool)[position] ?? [];
  return { matchedByTier, loads: view.storedBehind(blocks, match.ownBlocks, holders, MAX_LOADS) };
}
