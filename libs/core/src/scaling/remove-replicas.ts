import type { VariantFigures } from './variant-figures.js';
import { type CapacityOf, downOrder } from './variant-order.js';

/** What a removal must respect. */
export interface RemovalLimits {
  /** Capacity of the ready replicas. */
  readonly supplyTokens: number;
  /** Capacity that must remain. */
  readonly neededTokens: number;
  /** Replicas of the role that stay in any case. */
  readonly least: number;
}

/** Takes back every replica that did not come yet and is not needed any more: the ready ones suffice. */
export function cancelPending(
  figures: readonly VariantFigures[],
  { supplyTokens, neededTokens, least }: RemovalLimits,
  capacityOf: CapacityOf,
): Map<string, number> | undefined {
  if (supplyTokens < neededTokens) return undefined;
  const desired = new Map<string, number>();
  let total = figures.reduce((sum, f) => sum + f.current, 0);
  for (const { variant, current, pending } of downOrder(figures, capacityOf)) {
    const removed = Math.max(0, Math.min(pending, current - variant.minReplicas, total - least));
    if (removed === 0) continue;
    desired.set(variant.key, current - removed);
    total -= removed;
  }
  return desired.size > 0 ? desired : undefined;
}

/** The one variant that gives back a ready replica, dearest first: what remains must carry the demand. */
export function removeOne(
  figures: readonly VariantFigures[],
  { supplyTokens, neededTokens, least }: RemovalLimits,
  capacityOf: CapacityOf,
): VariantFigures | undefined {
  const total = figures.reduce((sum, f) => sum + f.current, 0);
  if (total <= least) return undefined;
  return downOrder(figures, capacityOf).find(
    (candidate) =>
      candidate.ready > 0 &&
      candidate.current > candidate.variant.minReplicas &&
      supplyTokens - capacityOf(candidate) >= neededTokens,
  );
}
