import type { ApiObject, Json } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import { refuse } from '../object/refusals.js';
import { timestamp } from '../object/timestamp.js';
import type { ClusterState } from './cluster-state.js';
import { readObject } from './read-object.js';
import { setCondition } from './set-condition.js';

export interface PodBinding {
  readonly nodeName: string;
  /** The pod that is meant, when its name may have been reused. */
  readonly uid?: string;
  /** Added to the pod's own, e.g. the devices that were chosen for it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Gives a pod its node (the `binding` subresource).
 *
 * @throws ApiError 404, 409 when it has one already, is being deleted or still has scheduling gates
 */
export function bindPod(
  state: ClusterState,
  namespace: string,
  name: string,
  { nodeName, uid, annotations }: PodBinding,
  isDryRun = false,
): ApiObject {
  const target = { ...state.registry.stored('pods'), namespace };
  const pod = readObject(state, target, name);
  if (uid && uid !== pod.metadata.uid) {
    throw refuse.conflict(
      target.resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  }
  const refuseBinding = (why: string) =>
    refuse.conflict({ ...target.resource, plural: 'pods/binding' }, name, why);
  const assigned = pod.spec?.['nodeName'];
  if (assigned) throw refuseBinding(`pod ${name} is already assigned to node "${String(assigned)}"`);
  if (pod.metadata.deletionTimestamp)
    throw refuseBinding(`pod ${name} is being deleted, cannot be assigned to a host`);
  const gates = pod.spec?.['schedulingGates'];
  if (Array.isArray(gates) && gates.length > 0) {
    throw refuseBinding(`pod ${name} has non-empty .spec.schedulingGates`);
  }
  if (!nodeName) throw refuse.badRequest('binding: target.name is required');
  // Written past admission: a pod's spec is otherwise fixed.
  const bound: ApiObject = {
    ...pod,
    metadata: annotations
      ? { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } }
      : pod.metadata,
    spec: { ...pod.spec, nodeName },
    status: setCondition(pod.status ?? {}, {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(),
    }),
  };
  return isDryRun ? bound : state.store.put('pods', bound);
}

/** Reads a `Binding` object. @throws ApiError 400 when its target is no node */
export function parseBinding(binding: Json): PodBinding {
  const kind = valueAt(binding, ['target', 'kind']);
  if (kind && kind !== 'Node') {
    const value = JSON.stringify(kind);
    throw refuse.badRequest(`target.kind: Unsupported value: ${value}: supported values: "Node", "<empty>"`);
  }
  const nodeName = valueAt(binding, ['target', 'name']);
  const uid = valueAt(binding, ['metadata', 'uid']);
  const annotations = valueAt(binding, ['metadata', 'annotations']);
  return {
    nodeName: typeof nodeName === 'string' ? nodeName : '',
    ...(typeof uid === 'string' && uid ? { uid } : {}),
    ...(isObject(annotations) ? { annotations: annotations as Record<string, string> } : {}),
  };
}
