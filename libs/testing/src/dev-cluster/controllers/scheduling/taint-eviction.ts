import type { ClusterState } from '../../api/cluster-state.js';
import { deleteObject } from '../../api/delete-object.js';
import { setCondition } from '../../api/set-condition.js';
import { writePodStatus } from '../../api/write-pod-status.js';
import type { ApiObject } from '../../object/api-object.js';
import { sameJson } from '../../object/json.js';
import { timestamp } from '../../object/timestamp.js';
import type { Controller } from '../controller.js';
import { recordEvent } from '../event-recorder.js';
import { ReconcileQueue } from '../reconcile-queue.js';
import { taintsOf, tolerates, tolerationsOf } from './tolerations.js';

const COMPONENT = 'taint-eviction-controller';

/** Deletes pods from nodes with a `NoExecute` taint: at once, or when the time is over that they tolerate it. */
export function startTaintEviction(state: ClusterState): Controller {
  const { store } = state;
  /** Since when a pod has been under its taints, by uid. */
  const sinceMs = new Map<string, number>();
  const queue = new ReconcileQueue<string>('taint eviction', (key) => {
    const [namespace, name = ''] = key.split('/');
    const pod = store.get('pods', namespace, name);
    if (!pod || pod.metadata.deletionTimestamp) return;
    const node = store.get('nodes', undefined, String(pod.spec?.['nodeName'] ?? ''));
    const tolerated = node ? toleratedMs(pod, node) : Number.POSITIVE_INFINITY;
    if (tolerated === Number.POSITIVE_INFINITY) {
      sinceMs.delete(pod.metadata.uid);
      return;
    }
    const since = sinceMs.get(pod.metadata.uid) ?? Date.now();
    sinceMs.set(pod.metadata.uid, since);
    const leftMs = since + tolerated - Date.now();
    if (leftMs > 0) queue.addAfter(key, leftMs);
    else evict(state, pod);
  });
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  const addPodsOf = (node: ApiObject): void => {
    for (const pod of store.list('pods')) if (pod.spec?.['nodeName'] === node.metadata.name) add(pod);
  };
  for (const node of store.list('nodes')) if (hasNoExecute(node)) addPodsOf(node);
  const unsubscribe = store.subscribe(({ resource, type, object, previous }) => {
    if (resource === 'nodes' && type !== 'DELETED') {
      const isNews = !sameJson(object.spec?.['taints'], previous?.spec?.['taints']);
      if (isNews && (hasNoExecute(object) || (previous && hasNoExecute(previous)))) addPodsOf(object);
    }
    if (resource !== 'pods') return;
    if (type === 'DELETED') sinceMs.delete(object.metadata.uid);
    else if (object.spec?.['nodeName'] && !sameJson(object.spec, previous?.spec)) add(object);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

const noExecuteOf = (node: ApiObject) => taintsOf(node).filter((taint) => taint['effect'] === 'NoExecute');
const hasNoExecute = (node: ApiObject): boolean => noExecuteOf(node).length > 0;

/** How long a pod may stay on a node: the shortest time of the tolerations that let it, infinite without a limit. */
function toleratedMs(pod: ApiObject, node: ApiObject): number {
  const used = [];
  for (const taint of noExecuteOf(node)) {
    const matching = tolerationsOf(pod).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    used.push(...matching);
  }
  const seconds = used.map((t) => t['tolerationSeconds']).filter((value) => typeof value === 'number');
  return seconds.length > 0 ? Math.max(0, Math.min(...seconds)) * 1000 : Number.POSITIVE_INFINITY;
}

function evict(state: ClusterState, pod: ApiObject): void {
  const { namespace, name, uid } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestamp(),
  };
  writePodStatus(state, pod, setCondition(pod.status ?? {}, condition), 'kube-controller-manager');
  recordEvent(state, pod, {
    type: 'Normal',
    reason: 'TaintManagerEviction',
    message: `Marking for deletion Pod ${namespace}/${name}`,
    component: COMPONENT,
  });
  deleteObject(state, { ...state.registry.stored('pods'), namespace }, name, { preconditions: { uid } });
}
