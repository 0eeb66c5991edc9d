import type { ClusterState } from '../api/cluster-state.js';
import { deleteObject } from '../api/delete-object.js';
import { setCondition } from '../api/set-condition.js';
import { writePodStatus } from '../api/write-pod-status.js';
import type { ApiObject } from '../object/api-object.js';
import { timestamp } from '../object/timestamp.js';
import type { Controller } from './controller.js';
import { ReconcileQueue } from './reconcile-queue.js';

/** A node that is not there may still come; kube-controller-manager waits as long. */
const QUARANTINE_MS = 40_000;
/** A node that was deleted hardly comes again, and tests do not like to wait. */
const DELETED_MS = 1000;

/** Removes pods from nodes that do not exist: nobody else would ever end them. */
export function startPodGarbageCollector(state: ClusterState): Controller {
  const { store } = state;
  const queue = new ReconcileQueue<string>('pod garbage collection', (name) => {
    if (store.get('nodes', undefined, name)) return;
    for (const pod of store.list('pods')) if (pod.spec?.['nodeName'] === name) remove(state, pod);
  });
  const consider = (pod: ApiObject): void => {
    const name = pod.spec?.['nodeName'];
    if (typeof name === 'string' && !store.get('nodes', undefined, name)) queue.addAfter(name, QUARANTINE_MS);
  };
  for (const pod of store.list('pods')) consider(pod);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === 'nodes' && type === 'DELETED') queue.addAfter(object.metadata.name, DELETED_MS);
    if (resource === 'pods' && type !== 'DELETED' && !previous?.spec?.['nodeName']) consider(object);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

function remove(state: ClusterState, pod: ApiObject): void {
  const { namespace, name, uid } = pod.metadata;
  const hasEnded = ['Succeeded', 'Failed'].includes(String(pod.status?.['phase']));
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: timestamp(),
  };
  if (!hasEnded) {
    const status = setCondition({ ...pod.status, phase: 'Failed' }, condition);
    writePodStatus(state, pod, status, 'kube-controller-manager');
  }
  const target = { ...state.registry.stored('pods'), namespace };
  deleteObject(state, target, name, { gracePeriodSeconds: 0, preconditions: { uid } });
}
