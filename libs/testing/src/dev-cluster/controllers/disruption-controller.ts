import type { ClusterState } from '../api/cluster-state.js';
import { setCondition } from '../api/set-condition.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson, splitPath, valueAt } from '../object/json.js';
import { parseLabelSelector } from '../object/label-selector.js';
import { formatLabelSelector } from '../object/selector-text.js';
import { timestamp } from '../object/timestamp.js';
import type { Controller } from './controller.js';
import { ReconcileQueue } from './reconcile-queue.js';
import { controllerOf } from './workloads/controlled-objects.js';
import { isPodReady } from './workloads/pod-readiness.js';
import { writeStatus } from './write-status.js';

const BUDGETS = 'poddisruptionbudgets.policy';

/** Counts for each PodDisruptionBudget how many of its pods are well and how many may be evicted. */
export function startDisruptionController(state: ClusterState): Controller {
  const { store } = state;
  const queue = new ReconcileQueue<string>('disruption budgets', (key) => {
    const [namespace, name = ''] = key.split('/');
    const budget = store.get(BUDGETS, namespace, name);
    if (!budget) return;
    const status = budgetStatus(state, budget);
    if (!sameJson(status, budget.status))
      writeStatus(state, BUDGETS, budget, status, 'kube-controller-manager');
  });
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  for (const budget of store.list(BUDGETS)) add(budget);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === BUDGETS && type !== 'DELETED') add(object);
    else if (resource === 'pods' || previous?.spec?.['replicas'] !== object.spec?.['replicas']) {
      for (const budget of store.list(BUDGETS, object.metadata.namespace)) add(budget);
    }
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

/** The status of a budget (policy/v1 PodDisruptionBudgetStatus). */
function budgetStatus(state: ClusterState, budget: ApiObject): JsonObject {
  const { spec = {}, metadata, status = {} } = budget;
  const selector = spec['selector'];
  const matches = parseLabelSelector(formatLabelSelector(selector));
  const pods = state.store
    .list('pods', metadata.namespace)
    .filter((pod) => isObject(selector) && matches(pod.metadata.labels))
    .filter((pod) => !['Succeeded', 'Failed'].includes(String(pod.status?.['phase'])));
  const currentHealthy = pods.filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp).length;
  const { maxUnavailable, minAvailable } = spec;
  const isByCount = maxUnavailable === undefined && typeof minAvailable === 'number';
  const expectedPods = isByCount ? pods.length : wantedPods(state, pods);
  const desiredHealthy =
    maxUnavailable === undefined
      ? share(minAvailable ?? 1, expectedPods)
      : Math.max(0, expectedPods - share(maxUnavailable, expectedPods));
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const isAllowed = disruptionsAllowed > 0;
  return setCondition(
    {
      ...(status['conditions'] ? { conditions: status['conditions'] } : {}),
      currentHealthy,
      desiredHealthy,
      disruptionsAllowed,
      expectedPods,
      observedGeneration: metadata.generation,
    },
    {
      type: 'DisruptionAllowed',
      status: isAllowed ? 'True' : 'False',
      reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: metadata.generation,
      lastTransitionTime: timestamp(),
    },
  );
}

/** How many pods the controllers of these pods are to have together, by their scales. */
function wantedPods({ store, registry }: ClusterState, pods: readonly ApiObject[]): number {
  const owners = new Map(pods.flatMap((pod) => controllerOf(pod) ?? []).map((owner) => [owner.uid, owner]));
  const namespace = pods[0]?.metadata.namespace;
  let total = 0;
  for (const { apiVersion, kind, name } of owners.values()) {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const resource = registry.all().find((known) => known.group === group && known.kind === kind);
    if (!resource?.scale) continue;
    const key = group ? `${resource.plural}.${group}` : resource.plural;
    total += Number(valueAt(store.get(key, namespace, name), splitPath(resource.scale.specReplicas)) ?? 0);
  }
  return total;
}

/** A number of pods, or a percentage of them, rounded up. */
function share(amount: Json, of: number): number {
  const percent = /^(\d+)%$/.exec(String(amount))?.[1];
  return percent === undefined ? Number(amount) : Math.ceil((Number(percent) * of) / 100);
}
