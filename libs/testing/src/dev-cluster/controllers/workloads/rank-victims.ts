import type { ApiObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import { isPodReady, readySinceMs } from './pod-readiness.js';

const COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const PHASE_ORDER = ['Pending', 'Unknown', 'Running'];

/**
 * Pods in the order in which they are given up when there are too many, as kube-controller-manager orders them:
 * without a node first, then pending, not ready, of a lower deletion cost, on a node with more of them, ready for a
 * shorter time, restarted more often, younger.
 */
export function rankVictims(pods: readonly ApiObject[]): ApiObject[] {
  const onNode = new Map<unknown, number>();
  for (const { spec } of pods) onNode.set(spec?.['nodeName'], (onNode.get(spec?.['nodeName']) ?? 0) + 1);
  // The lexicographic order of these numbers, smallest first.
  const rank = (pod: ApiObject): number[] => [
    pod.spec?.['nodeName'] ? 1 : 0,
    PHASE_ORDER.indexOf(String(pod.status?.['phase'])),
    isPodReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(onNode.get(pod.spec?.['nodeName']) ?? 0),
    -age(readySinceMs(pod)),
    -restarts(pod),
    -age(Date.parse(pod.metadata.creationTimestamp)),
  ];
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => {
      const at = a.rank.findIndex((value, i) => value !== b.rank[i]);
      return at === -1 ? 0 : (a.rank[at] ?? 0) - (b.rank[at] ?? 0);
    })
    .map(({ pod }) => pod);
}

/** As a point in time: the later, the larger. */
const age = (sinceMs: number | undefined): number => sinceMs ?? 0;

function deletionCost({ metadata }: ApiObject): number {
  const cost = Number(metadata.annotations?.[COST_ANNOTATION] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

function restarts({ status }: ApiObject): number {
  const statuses = status?.['containerStatuses'];
  const counts = Array.isArray(statuses)
    ? statuses.filter(isObject).map((s) => Number(s['restartCount'] ?? 0))
    : [];
  return Math.max(0, ...counts);
}
