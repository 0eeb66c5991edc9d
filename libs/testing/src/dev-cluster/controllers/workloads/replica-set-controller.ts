import type { ClusterState } from '../../api/cluster-state.js';
import { createObject } from '../../api/create-object.js';
import { deleteObject } from '../../api/delete-object.js';
import { ApiError } from '../../object/api-error.js';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject, sameJson } from '../../object/json.js';
import type { Controller } from '../controller.js';
import { recordEvent } from '../event-recorder.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { RetryDelays } from '../retry-delays.js';
import { writeStatus } from '../write-status.js';
import { controlledObjects, controllerOf, controllerReference, isSelectedBy } from './controlled-objects.js';
import { isActive, untilAvailableMs } from './pod-readiness.js';
import { rankVictims } from './rank-victims.js';
import { replicaSetStatus } from './replica-set-status.js';

export const REPLICA_SETS = 'replicasets.apps';
const MANAGER = 'kube-controller-manager';
const COMPONENT = 'replicaset-controller';
/** As kube-controller-manager: so many pods at once, the rest when those are seen. */
const BURST = 500;

/** Keeps as many pods of each ReplicaSet as it asks for. */
export function startReplicaSetController(state: ClusterState): Controller {
  const { store } = state;
  const delays = new RetryDelays<string>();
  const queue = new ReconcileQueue<string>('replica sets', (key) => reconcile(state, queue, delays, key));
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  const addOwnerOf = (pod: ApiObject): void => {
    const controller = controllerOf(pod);
    if (controller?.kind === 'ReplicaSet') queue.add(`${pod.metadata.namespace}/${controller.name}`);
    else if (!controller) {
      for (const set of store.list(REPLICA_SETS, pod.metadata.namespace))
        if (isSelectedBy(set, pod)) add(set);
    }
  };
  for (const set of store.list(REPLICA_SETS)) add(set);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === REPLICA_SETS && type !== 'DELETED') add(object);
    if (resource !== 'pods') return;
    addOwnerOf(object);
    if (previous && !sameJson(previous.metadata.ownerReferences, object.metadata.ownerReferences))
      addOwnerOf(previous);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

function reconcile(
  state: ClusterState,
  queue: ReconcileQueue<string>,
  delays: RetryDelays<string>,
  key: string,
): void {
  const [namespace, name = ''] = key.split('/');
  const set = state.store.get(REPLICA_SETS, namespace, name);
  if (!set) {
    delays.succeeded(key);
    return;
  }
  const pods = controlledObjects(state, 'pods', set, MANAGER);
  const active = pods.filter(isActive);
  const terminating = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined).length;
  const problem = set.metadata.deletionTimestamp ? undefined : adjust(state, set, active);
  if (problem) queue.addAfter(key, delays.nextMs(key));
  else delays.succeeded(key);
  const nowMs = Date.now();
  const status = replicaSetStatus(set, active, terminating, problem, nowMs);
  if (!sameJson(status, set.status)) writeStatus(state, REPLICA_SETS, set, status, MANAGER);
  const waits = active
    .map((pod) => untilAvailableMs(pod, Number(set.spec?.['minReadySeconds'] ?? 0), nowMs) ?? 0)
    .filter((waitMs) => waitMs > 0);
  if (waits.length > 0) queue.addAfter(key, Math.min(...waits));
}

/** Creates pods that are missing, deletes those that are too many. @returns why it could not */
function adjust(state: ClusterState, set: ApiObject, active: readonly ApiObject[]): string | undefined {
  const missing = Number(set.spec?.['replicas'] ?? 1) - active.length;
  for (let i = 0; i < Math.min(missing, BURST); i++) {
    const problem = createPod(state, set);
    if (problem !== undefined) return problem;
  }
  for (const pod of rankVictims(active).slice(0, Math.min(Math.max(0, -missing), BURST))) {
    const { namespace, name, uid } = pod.metadata;
    const target = { ...state.registry.stored('pods'), namespace };
    deleteObject(state, target, name, { preconditions: { uid } });
    tell(state, set, 'SuccessfulDelete', `Deleted pod: ${name}`);
  }
  return undefined;
}

function createPod(state: ClusterState, set: ApiObject): string | undefined {
  const { namespace, name } = set.metadata;
  const template = isObject(set.spec?.['template']) ? set.spec['template'] : {};
  const { labels, annotations, finalizers } = isObject(template['metadata']) ? template['metadata'] : {};
  const metadata: JsonObject = {
    generateName: `${name}-`,
    namespace,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(finalizers ? { finalizers } : {}),
    ownerReferences: [controllerReference(set)],
  };
  try {
    const target = { ...state.registry.stored('pods'), namespace };
    const body = structuredClone({ metadata, spec: template['spec'] ?? {} });
    const pod = createObject(state, target, body, { manager: MANAGER });
    tell(state, set, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(state, set, 'FailedCreate', `Error creating: ${error.message}`);
    return error.message;
  }
}

function tell(state: ClusterState, set: ApiObject, reason: string, message: string): void {
  const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
  recordEvent(state, set, { type, reason, message, component: COMPONENT });
}
