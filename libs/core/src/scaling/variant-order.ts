import type { VariantFigures } from './variant-figures.js';

/**
 * Which variant is scaled up first: one whose replicas are only being drained, since they serve at once; then those we
 * may scale; then the least cost per capacity. A variant without replicas has its cost all the same.
 */
export function upOrder(figures: readonly VariantFigures[], capacityOf: CapacityOf): VariantFigures[] {
  return [...figures].sort(
    (a, b) =>
      Number(b.draining > 0) - Number(a.draining > 0) ||
      Number(b.variant.writable) - Number(a.variant.writable) ||
      costOf(a, capacityOf) - costOf(b, capacityOf) ||
      byKey(a, b),
  );
}

/** Which variant gives a replica back first: the most cost per capacity among those we may scale. */
export function downOrder(figures: readonly VariantFigures[], capacityOf: CapacityOf): VariantFigures[] {
  return [...figures].sort(
    (a, b) =>
      Number(b.variant.writable) - Number(a.variant.writable) ||
      costOf(b, capacityOf) - costOf(a, capacityOf) ||
      byKey(b, a),
  );
}

/** Tokens that one replica of a variant carries. */
export type CapacityOf = (figures: VariantFigures) => number;

/** Price of a token of capacity; where no capacity is known all count as equal. */
function costOf(figures: VariantFigures, capacityOf: CapacityOf): number {
  return figures.variant.cost / (capacityOf(figures) || 1);
}

function byKey(a: VariantFigures, b: VariantFigures): number {
  return a.variant.key < b.variant.key ? -1 : 1;
}
