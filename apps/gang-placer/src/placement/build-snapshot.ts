import type { GangPlacement, Pod } from '@penstock/contracts';
import { ClusterSnapshot, type PlacementLoad } from '@penstock/core/placement';
import { hasEnded } from '../workload/pod-state.js';
import { phaseOf } from './gang-state.js';
import type { PlacementStore } from './placement-store.js';
import type { PlacementView } from './placement-view.js';
import { readNode } from './read-node.js';
import { readPod } from './read-pod.js';

export interface RoundSnapshot {
  readonly cluster: ClusterSnapshot;
  /** As it is recorded with a decision. */
  readonly summary: GangPlacement['spec']['snapshot'];
}

/** The cluster with everything that runs and everything that was promised. */
export function buildSnapshot(view: PlacementView, store: PlacementStore): RoundSnapshot {
  const loads: PlacementLoad[] = [];
  const free = new Map<string, Pod>();
  let pods = 0;
  for (const pod of view.pods.list()) {
    if (hasEnded(pod)) continue;
    const node = view.nodeOf(pod);
    if (node === undefined) free.set(pod.metadata.uid ?? '', pod);
    else {
      loads.push({ node, requests: readPod(pod).shape.requests });
      pods++;
    }
  }
  let reservedPods = 0;
  for (const placement of store.list()) {
    const phase = phaseOf(placement);
    if (phase === 'Superseded' || phase === 'Abandoned') continue;
    for (const { uid, node } of placement.spec.assignments) {
      const pod = free.get(uid);
      if (!pod) continue;
      loads.push({ node, requests: readPod(pod).shape.requests });
      reservedPods++;
    }
  }
  const cluster = new ClusterSnapshot(view.nodes.list().map(readNode), loads);
  const summary = { nodes: cluster.nodes.length, pods, reservedPods, ageMs: Math.round(view.ageMs()) };
  return { cluster, summary };
}
