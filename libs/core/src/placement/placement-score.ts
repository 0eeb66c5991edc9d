import type { ClusterSnapshot } from './cluster-snapshot.js';
import type { Assignment, GangRequest, ResourceAmounts } from './types.js';

/**
 * How close together a gang is, 0 to 1: the fewest nodes that could hold all its placed pods, were the largest node of
 * the cluster empty and there without number, divided by the nodes it uses. Half of that when a soft constraint is not kept.
 */
export function placementScore(
  snapshot: ClusterSnapshot,
  gang: GangRequest,
  assignments: readonly Assignment[],
  keepsSoftConstraints: boolean,
): number {
  const nodes = new Set(assignments.map(({ node }) => node));
  const demand: Record<string, number> = {};
  const add = (requests: ResourceAmounts) => {
    for (const [name, amount] of Object.entries(requests)) demand[name] = (demand[name] ?? 0) + amount;
  };
  const placed = new Set(assignments.map(({ pod }) => pod));
  for (const group of gang.groups) {
    for (const { node, requests } of group.bound) {
      nodes.add(node);
      add(requests);
    }
    for (const { name, shape } of group.pods) if (placed.has(name)) add(shape.requests);
  }
  let fewest = 1;
  for (const [name, amount] of Object.entries(demand)) {
    const largest = Math.max(0, ...snapshot.nodes.map(({ allocatable }) => allocatable[name] ?? 0));
    if (largest > 0) fewest = Math.max(fewest, Math.ceil(amount / largest));
  }
  return Math.min(1, fewest / Math.max(1, nodes.size)) * (keepsSoftConstraints ? 1 : 0.5);
}
