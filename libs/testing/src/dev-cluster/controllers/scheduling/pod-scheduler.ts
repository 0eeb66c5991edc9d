import { bindPod } from '../../api/bind-pod.js';
import type { ClusterState } from '../../api/cluster-state.js';
import { setCondition } from '../../api/set-condition.js';
import { writePodStatus } from '../../api/write-pod-status.js';
import type { ApiObject } from '../../object/api-object.js';
import { sameJson } from '../../object/json.js';
import { timestamp } from '../../object/timestamp.js';
import type { Controller } from '../controller.js';
import { recordEvent } from '../event-recorder.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { findNode } from './find-node.js';
import { NodeRoom } from './node-room.js';

const SCHEDULER_NAME = 'default-scheduler';

/** Binds pods nobody else schedules: those without gates that name the default scheduler, oldest first. */
export function startPodScheduler(state: ClusterState): Controller {
  const { store } = state;
  const queue = new ReconcileQueue<'all'>('scheduler', () => {
    const pods = store.list('pods');
    const waiting = pods.filter(isWaiting).sort(byAge);
    if (waiting.length === 0) return;
    const room = new NodeRoom(store.list('nodes'), pods);
    for (const pod of waiting) schedule(state, pod, room);
  });
  queue.add('all');
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    const podArrived =
      resource === 'pods' &&
      type !== 'DELETED' &&
      isWaiting(object) &&
      !sameJson(object.spec, previous?.spec);
    const roomAppeared =
      (resource === 'pods' && (type === 'DELETED' || isFinished(object))) || resource === 'nodes';
    if (podArrived || roomAppeared) queue.add('all');
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

const isFinished = ({ status }: ApiObject): boolean =>
  ['Succeeded', 'Failed'].includes(String(status?.['phase']));

const byAge = (a: ApiObject, b: ApiObject): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);

function isWaiting({ spec = {}, metadata }: ApiObject): boolean {
  const gates = spec['schedulingGates'];
  const isGated = Array.isArray(gates) && gates.length > 0;
  return (
    !spec['nodeName'] && !isGated && spec['schedulerName'] === SCHEDULER_NAME && !metadata.deletionTimestamp
  );
}

function schedule(state: ClusterState, pod: ApiObject, room: NodeRoom): void {
  const { node, why } = findNode(pod, room);
  const { namespace = '', name } = pod.metadata;
  if (node) {
    const bound = bindPod(state, namespace, name, { nodeName: node.metadata.name });
    room.take(node.metadata.name, bound);
    const message = `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`;
    recordEvent(state, bound, { type: 'Normal', reason: 'Scheduled', message, component: SCHEDULER_NAME });
    return;
  }
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: why,
    lastTransitionTime: timestamp(),
  };
  const status = setCondition(pod.status ?? {}, condition);
  if (sameJson(status, pod.status)) return;
  writePodStatus(state, pod, status, SCHEDULER_NAME);
  recordEvent(state, pod, {
    type: 'Warning',
    reason: 'FailedScheduling',
    message: why,
    component: SCHEDULER_NAME,
  });
}
