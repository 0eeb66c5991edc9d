import type { ClusterSnapshot } from '@penstock/core/placement';
import { whyNodeRefuses } from '@penstock/core/placement';
import type { GangState } from './gang-state.js';
import { readPod } from './read-pod.js';

/**
 * Whether a decision can no longer be carried out: a node is gone, takes no such pod now, or has promised more than it
 * has. The pods to bind must be part of the snapshot.
 */
export function isInvalid({ pending }: GangState, snapshot: ClusterSnapshot): boolean {
  return pending.some(({ assignment, pod }) => {
    const index = snapshot.indexOf(assignment.node);
    const node = index === undefined ? undefined : snapshot.nodes[index];
    if (!node || whyNodeRefuses(node, readPod(pod).shape) !== undefined) return true;
    return snapshot.overcommitted(assignment.node) !== undefined;
  });
}
