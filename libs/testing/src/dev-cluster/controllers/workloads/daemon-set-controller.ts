import type { ClusterState } from '../../api/cluster-state.js';
import type { ApiObject } from '../../object/api-object.js';
import { sameJson } from '../../object/json.js';
import type { Controller } from '../controller.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { RetryDelays } from '../retry-delays.js';
import { controllerOf, isSelectedBy } from './controlled-objects.js';
import { DAEMON_SETS } from './daemon-set-revision.js';
import { DaemonSetRollout } from './daemon-set-rollout.js';
import { FailedPodDelays } from './failed-pod-delays.js';

/** Keeps one pod of each DaemonSet on every node that fits. */
export function startDaemonSetController(state: ClusterState): Controller {
  const { store } = state;
  const delays = new RetryDelays<string>();
  const failures = new FailedPodDelays();
  const queue = new ReconcileQueue<string>('daemon sets', (key) => {
    const [namespace, name = ''] = key.split('/');
    const set = store.get(DAEMON_SETS, namespace, name);
    // Its pods are the garbage collector's once it is being deleted.
    const isKept = set && !set.metadata.deletionTimestamp;
    const next = isKept ? new DaemonSetRollout(state, set, failures, Date.now()).run() : undefined;
    if (next !== 'failed') delays.succeeded(key);
    if (next !== undefined) queue.addAfter(key, next === 'failed' ? delays.nextMs(key) : next);
  });
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  const addAll = (): void => {
    for (const set of store.list(DAEMON_SETS)) add(set);
  };
  const addOwnerOf = (pod: ApiObject): void => {
    const { namespace } = pod.metadata;
    const controller = controllerOf(pod);
    if (controller?.kind === 'DaemonSet') queue.add(`${namespace}/${controller.name}`);
    else if (!controller) {
      for (const set of store.list(DAEMON_SETS, namespace)) if (isSelectedBy(set, pod)) add(set);
    }
  };
  addAll();
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === DAEMON_SETS) {
      if (type === 'DELETED') failures.forget(object.metadata.uid);
      else add(object);
    } else if (resource === 'nodes') {
      // A node's heartbeats mean nothing here.
      const isSame =
        type !== 'DELETED' &&
        previous !== undefined &&
        sameJson(object.spec, previous.spec) &&
        sameJson(object.metadata.labels, previous.metadata.labels);
      if (!isSame) addAll();
    } else if (resource === 'pods') {
      addOwnerOf(object);
      if (previous && !sameJson(previous.metadata.ownerReferences, object.metadata.ownerReferences))
        addOwnerOf(previous);
    }
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}
