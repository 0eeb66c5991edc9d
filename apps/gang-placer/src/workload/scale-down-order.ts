import { POD_DELETION_COST_ANNOTATION, type Pod } from '@penstock/contracts';
import { indexOf, isReady } from './pod-state.js';

/**
 * Pods of a clique in the order in which a scale-down takes them: lowest deletion cost first (the autoscaler marks what
 * it drained), then those that are not ready, then the highest index.
 */
export function scaleDownOrder(pods: readonly Pod[]): Pod[] {
  return [...pods].sort(
    (a, b) =>
      deletionCost(a) - deletionCost(b) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      (indexOf(b) ?? 0) - (indexOf(a) ?? 0),
  );
}

/** 0 when absent or not a number, as for ReplicaSets. */
function deletionCost({ metadata }: Pod): number {
  const cost = Number(metadata.annotations?.[POD_DELETION_COST_ANNOTATION] ?? 0);
  return Number.isFinite(cost) ? cost : 0;
}
