import type { ClusterState } from '../api/cluster-state.js';
import { setCondition } from '../api/set-condition.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';

/** kwok's mark of a node without a machine; whoever creates such a node gets one whose pods run at once. */
const VIRTUAL_ANNOTATION = 'kwok.x-k8s.io/node';

/** What a virtual node has when its author names nothing: enough for anything, as in kwok. */
const AMPLE: JsonObject = { cpu: '1k', memory: '1Ti', pods: '1M' };

export function isVirtualNode(node: ApiObject | undefined): boolean {
  return node?.metadata.annotations?.[VIRTUAL_ANNOTATION] === 'fake';
}

/** Gives a virtual node the resources and the Ready condition that its author left out; what is there stays. */
export function initializeVirtualNode(state: ClusterState, node: ApiObject): void {
  const { conditions, capacity, allocatable } = node.status ?? {};
  const isReadinessKnown =
    Array.isArray(conditions) && conditions.some((c) => isObject(c) && c['type'] === 'Ready');
  if (isReadinessKnown && isObject(allocatable) && isObject(capacity)) return;
  const amounts = [capacity, allocatable].find((a) => isObject(a)) ?? AMPLE;
  const status: JsonObject = { capacity: amounts, allocatable: amounts, ...node.status };
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the virtual node is ready to run pods',
    lastTransitionTime: timestamp(),
  };
  state.store.put('nodes', { ...node, status: isReadinessKnown ? status : setCondition(status, ready) });
}
