import type { ClusterState } from '../api/cluster-state.js';
import { deleteObject } from '../api/delete-object.js';
import { writePodStatus } from '../api/write-pod-status.js';
import type { Controller } from '../controllers/controller.js';
import { ReconcileQueue } from '../controllers/reconcile-queue.js';
import type { ApiObject } from '../object/api-object.js';
import { valueAt } from '../object/json.js';
import { PodAddresses } from './pod-addresses.js';
import { isFinished, listOf } from './pod-spec.js';
import { initializeVirtualNode, isVirtualNode } from './virtual-nodes.js';
import { virtualPodStatus } from './virtual-pod-status.js';

/** Loopback, so that whoever calls a pod without a process is refused at once instead of waiting. */
const VIRTUAL_POD_CIDR = '127.240.0.0/12';

/**
 * Runs pods on virtual nodes without processes, as kwok does: they become ready at once and end when asked to. All
 * that it knows is in the objects, so a dev cluster that starts again goes on where the last one stopped.
 */
export function startVirtualKubelet(state: ClusterState): Controller {
  const { store } = state;
  const addresses = new PodAddresses(VIRTUAL_POD_CIDR);
  const node = (pod: ApiObject): ApiObject | undefined =>
    store.get('nodes', undefined, String(pod.spec?.['nodeName'] ?? ''));
  const queue = new ReconcileQueue<string>('virtual kubelet', (key) => {
    const [namespace, name = ''] = key.split('/');
    const pod = store.get('pods', namespace, name);
    if (!pod) return;
    const host = node(pod);
    if (host && isVirtualNode(host)) run(state, addresses, pod, host);
  });
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  const addPodsOf = (nodeName: string): void => {
    for (const pod of store.list('pods')) if (pod.spec?.['nodeName'] === nodeName) add(pod);
  };
  const addNode = (object: ApiObject, previous?: ApiObject): void => {
    if (!isVirtualNode(object)) return;
    initializeVirtualNode(state, object);
    if (!isVirtualNode(previous)) addPodsOf(object.metadata.name);
  };
  for (const pod of store.list('pods')) {
    const ip = pod.status?.['podIP'];
    if (typeof ip === 'string') addresses.keep(ip);
  }
  for (const object of store.list('nodes')) addNode(object);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === 'nodes' && type !== 'DELETED') addNode(object, previous);
    if (resource !== 'pods') return;
    const ip = object.status?.['podIP'];
    if (type === 'DELETED' && typeof ip === 'string') addresses.release(ip);
    else if (object.spec?.['nodeName'] && isVirtualNode(node(object))) add(object);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

/** One step of one pod; the change it makes brings the next. */
function run(state: ClusterState, addresses: PodAddresses, pod: ApiObject, node: ApiObject): void {
  const { namespace, name, uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp) {
    // Without grace left only finalizers hold it, and those are not the kubelet's.
    if (deletionGracePeriodSeconds === 0) return;
    const target = { ...state.registry.stored('pods'), namespace };
    deleteObject(state, target, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    return;
  }
  // From then on the status is whoever's who wants to play a failure.
  if (pod.status?.['phase'] === 'Running' || isFinished(pod)) return;
  const knownIp = pod.status?.['podIP'];
  const status = virtualPodStatus(pod, {
    podIp: typeof knownIp === 'string' ? knownIp : addresses.next(),
    hostIp: hostIpOf(node),
  });
  writePodStatus(state, pod, status, 'kubelet');
}

function hostIpOf(node: ApiObject): string {
  const addresses = listOf(valueAt(node.status, ['addresses']));
  return String(addresses.find((a) => a['type'] === 'InternalIP')?.['address'] ?? '127.0.0.1');
}
