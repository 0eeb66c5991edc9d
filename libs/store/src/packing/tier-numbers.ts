import { TIERS, type Tier } from '@penstock/core/kv';
import { CorruptError } from './corrupt-error.js';

/** Number of a tier in packed values: its index in `TIERS`. */
export function numberOfTier(tier: string): number {
  const number = (TIERS as readonly string[]).indexOf(tier);
  if (number < 0) throw new RangeError(`tier ${JSON.stringify(tier)} is not one of ${TIERS.join(', ')}`);
  return number;
}

export function tierOfNumber(number: number): Tier {
  const tier = TIERS[number];
  if (tier === undefined) throw new CorruptError(`tier number ${number}`);
  return tier;
}
