import { TIERS, type Tier } from '@penstock/core/kv';
import { CorruptError } from './corrupt-error.js';

/** Where blocks are held, as in `TierBlocks`, and whether check bits follow their keys. */
export interface Place {
  readonly tier: Tier;
  readonly window?: true;
}

const HAS_CHECKS = 0x40;
const WINDOW = 0x80;
const TIER_MASK = 0x3f;

/** One byte: bits 0-5 the tier's number in `TIERS`, bit 6 check bits follow the keys, bit 7 of sliding windows. */
export function placeFlags(
  place: { readonly tier: string; readonly window?: boolean },
  hasChecks: boolean,
): number {
  const number = TIERS.indexOf(place.tier as Tier);
  if (number < 0)
    throw new RangeError(`tier ${JSON.stringify(place.tier)} is not one of ${TIERS.join(', ')}`);
  return number | (hasChecks ? HAS_CHECKS : 0) | (place.window ? WINDOW : 0);
}

/** Reverse of `placeFlags`; throws `CorruptError`. */
export function readPlaceFlags(flags: number): { place: Place; hasChecks: boolean } {
  const tier = TIERS[flags & TIER_MASK];
  if (tier === undefined) throw new CorruptError(`unknown tier number ${flags & TIER_MASK}`);
  return {
    place: (flags & WINDOW) === 0 ? { tier } : { tier, window: true },
    hasChecks: (flags & HAS_CHECKS) !== 0,
  };
}
