import type { VariantFigures } from './variant-figures.js';
import { type CapacityOf, upOrder } from './variant-order.js';

/**
 * Spreads missing capacity over variants, cheapest first, up to their maximum.
 * @param start replicas per variant to begin from
 * @param budget most replicas to add
 * @returns replicas per variant, and the capacity that found no place
 */
export function addReplicas(
  figures: readonly VariantFigures[],
  start: ReadonlyMap<string, number>,
  requiredTokens: number,
  budget: number,
  capacityOf: CapacityOf,
): { desired: Map<string, number>; missingTokens: number; budgetSpent: boolean } {
  const desired = new Map(start);
  let missing = requiredTokens;
  let left = budget;
  for (const candidate of upOrder(figures, capacityOf)) {
    const { key, maxReplicas } = candidate.variant;
    const capacity = capacityOf(candidate);
    // Replicas that do not come although they were asked for: more of them would not come either.
    if (missing <= 0 || (candidate.stuck && candidate.draining === 0) || !(capacity > 0)) continue;
    const from = desired.get(key) ?? 0;
    const added = Math.max(0, Math.min(maxReplicas - from, Math.ceil(missing / capacity), left));
    desired.set(key, from + added);
    missing -= added * capacity;
    left -= added;
  }
  return { desired, missingTokens: Math.max(0, missing), budgetSpent: left <= 0 };
}
