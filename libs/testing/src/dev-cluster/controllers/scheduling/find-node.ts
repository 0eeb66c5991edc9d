import type { ApiObject } from '../../object/api-object.js';
import { matchesNode } from './node-affinity.js';
import type { NodeRoom } from './node-room.js';
import { podRequests } from './pod-requests.js';
import { tolerates, tolerationsOf, untoleratedTaint } from './tolerations.js';

export interface NodeChoice {
  readonly node?: ApiObject;
  /** Why there is none, counted by reason as the real scheduler words it. */
  readonly why: string;
}

const NO_DEVICES =
  'the scheduler of the dev cluster allocates no devices: a pod with resourceClaims needs a schedulerName of its own';

/** A cordoned node is one with this taint, to pods that tolerate it. */
const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * The node a pod fits on: by selector and required affinity, taints, cordons, pod count and requested resources; of
 * several the one with the most free GPUs, then the first by name.
 */
export function findNode(pod: ApiObject, room: NodeRoom): NodeChoice {
  const claims = pod.spec?.['resourceClaims'];
  if (Array.isArray(claims) && claims.length > 0) return { why: NO_DEVICES };
  const wanted = podRequests(pod);
  const reasons = new Map<string, number>();
  let best: { node: ApiObject; freeGpus: number } | undefined;
  for (const node of room.nodes) {
    const problem = misfit(pod, node, wanted, room);
    const freeGpus = room.freeOf(node.metadata.name, 'nvidia.com/gpu');
    if (problem) reasons.set(problem, (reasons.get(problem) ?? 0) + 1);
    else if (!best || freeGpus > best.freeGpus) best = { node, freeGpus };
  }
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
  return {
    node: best?.node,
    why: `0/${room.nodes.length} nodes are available: ${counts || 'there are no nodes'}.`,
  };
}

function misfit(
  pod: ApiObject,
  node: ApiObject,
  wanted: ReadonlyMap<string, number>,
  room: NodeRoom,
): string | undefined {
  const isCordoned = node.spec?.['unschedulable'] === true;
  if (isCordoned && !tolerationsOf(pod).some((toleration) => tolerates(toleration, UNSCHEDULABLE))) {
    return 'node(s) were unschedulable';
  }
  if (untoleratedTaint(pod, node, ['NoSchedule', 'NoExecute'])) return 'node(s) had untolerated taint(s)';
  if (!matchesNode(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  const { name } = node.metadata;
  if (room.freeOf(name, 'pods') < 1) return 'Too many pods';
  for (const [resource, amount] of wanted)
    if (amount > 0 && room.freeOf(name, resource) < amount) return `Insufficient ${resource}`;
  return undefined;
}
