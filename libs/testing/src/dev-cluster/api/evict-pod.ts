import { ApiError } from '../object/api-error.js';
import type { ApiObject, Json } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { formatLabelSelector } from '../object/selector-text.js';
import type { ClusterState, Target } from './cluster-state.js';
import { type DeleteOptions, deleteObject } from './delete-object.js';
import { readObject } from './read-object.js';

/**
 * Deletes a pod unless too few of its kind would be left (the `eviction` subresource, policy/v1).
 *
 * @throws ApiError 404, 409 for another pod than the one meant, 429 when a disruption budget forbids it
 */
export function evictPod(state: ClusterState, target: Target, name: string, options: DeleteOptions): void {
  const pod = readObject(state, target, name);
  if (isHealthy(pod) && !pod.metadata.deletionTimestamp) {
    for (const budget of state.store.list('poddisruptionbudgets.policy', target.namespace)) {
      if (selects(budget, pod)) requireRoom(state, target, budget);
    }
  }
  deleteObject(state, target, name, options);
}

function requireRoom(state: ClusterState, target: Target, budget: ApiObject): void {
  const pods = state.store.list('pods', target.namespace).filter((pod) => selects(budget, pod));
  const healthy = pods.filter((pod) => isHealthy(pod) && !pod.metadata.deletionTimestamp).length;
  const needed = neededPods(budget, pods.length);
  if (healthy > needed) return;
  const { name } = budget.metadata;
  throw new ApiError(
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [
        {
          field: '',
          reason: 'DisruptionBudget',
          message: `The disruption budget ${name} needs ${needed} healthy pods and has ${healthy} currently`,
        },
      ],
    },
  );
}

/** How many pods have to stay healthy, of so many that there should be. */
function neededPods({ spec = {} }: ApiObject, expected: number): number {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) return Math.max(0, expected - share(maxUnavailable, expected));
  return share(minAvailable ?? 1, expected);
}

/** A number of pods, or a percentage of them, rounded up. */
function share(amount: Json, of: number): number {
  const percent = /^(\d+)%$/.exec(String(amount))?.[1];
  return percent === undefined ? Number(amount) : Math.ceil((Number(percent) * of) / 100);
}

function selects(budget: ApiObject, pod: ApiObject): boolean {
  const selector = budget.spec?.['selector'];
  // No selector selects nothing, an empty one everything.
  return isObject(selector) && parseLabelSelector(formatLabelSelector(selector))(pod.metadata.labels);
}

function isHealthy({ status }: ApiObject): boolean {
  const conditions = Array.isArray(status?.['conditions']) ? status['conditions'] : [];
  return conditions.some((c) => isObject(c) && c['type'] === 'Ready' && c['status'] === 'True');
}
