import { GANG_PLACER_MANAGER, GROVE_LABELS } from '@penstock/contracts';

/** Labels of everything that belongs to a set. */
export function setLabels(set: string): Record<string, string> {
  return { [GROVE_LABELS.managedBy]: GANG_PLACER_MANAGER, [GROVE_LABELS.partOf]: set };
}

/** Owner reference of a controller: deleting the owner deletes the object. */
export function ownedBy(
  kind: 'PodCliqueSet' | 'PodCliqueScalingGroup' | 'PodClique',
  name: string,
  uid: string,
) {
  return [{ apiVersion: 'grove.io/v1alpha1', kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

/** Uid of the object that controls this one. */
export function controllerUid(object: {
  metadata: { ownerReferences?: ReadonlyArray<{ uid: string; controller?: boolean }> };
}): string | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
}
