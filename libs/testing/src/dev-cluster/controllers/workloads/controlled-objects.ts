import type { ClusterState } from '../../api/cluster-state.js';
import type { ApiObject, OwnerReference } from '../../object/api-object.js';
import { parseLabelSelector } from '../../object/label-selector.js';
import { formatLabelSelector } from '../../object/selector-text.js';
import { changeObject } from '../change-object.js';

/** The owner that manages an object; others only keep it from being collected. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function controllerReference(owner: ApiObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  const { name, uid } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Whether labels match an object's `spec.selector`. */
export function isSelectedBy(owner: ApiObject, object: ApiObject): boolean {
  const selector = formatLabelSelector(owner.spec?.['selector']);
  return selector !== '' && parseLabelSelector(selector)(object.metadata.labels);
}

/**
 * The objects a workload controls: those that name it as their controller and match its selector. One that matches and
 * has no controller is adopted; one that no longer matches is let go.
 */
export function controlledObjects(
  state: ClusterState,
  resource: string,
  owner: ApiObject,
  manager: string,
): ApiObject[] {
  const { namespace, uid, deletionTimestamp } = owner.metadata;
  const selector = formatLabelSelector(owner.spec?.['selector']);
  const matches = parseLabelSelector(selector);
  return state.store.list(resource, namespace).flatMap((object): ApiObject[] => {
    const controller = controllerOf(object);
    const isSelected = selector !== '' && matches(object.metadata.labels);
    if (controller?.uid === uid) {
      if (isSelected || deletionTimestamp) return [object];
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter((r) => r.uid !== uid);
      changeObject(state, resource, object, { metadata: { ownerReferences } }, manager);
      return [];
    }
    if (controller || !isSelected || deletionTimestamp || object.metadata.deletionTimestamp) return [];
    const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner)];
    return [changeObject(state, resource, object, { metadata: { ownerReferences } }, manager)];
  });
}
