import type { ClusterState } from '../api/cluster-state.js';
import { deleteObject } from '../api/delete-object.js';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../api/deletion.js';
import type { ApiObject, ObjectMeta, OwnerReference } from '../object/api-object.js';
import { changeObject } from './change-object.js';
import type { Controller } from './controller.js';
import { recordEvent } from './event-recorder.js';
import { OwnershipIndex } from './ownership-index.js';
import { ReconcileQueue } from './reconcile-queue.js';

const MANAGER = 'kube-controller-manager';

/** Deletes objects whose owners are all gone, and carries out foreground and orphaning deletions. */
export function startGarbageCollector(state: ClusterState): Controller {
  const index = new OwnershipIndex(state.store);
  const queue = new ReconcileQueue<string>('garbage collection', (uid) => reconcile(state, index, uid));
  for (const uid of index.allDependents()) queue.add(uid);
  // An owner may have been left waiting for nothing any more.
  for (const resource of state.store.resourcesInUse()) {
    for (const { metadata } of state.store.list(resource))
      if (metadata.deletionTimestamp) queue.add(metadata.uid);
  }
  const unsubscribe = state.store.subscribe((event) => {
    const { metadata } = event.object;
    // An owner that waits for this object may go on now.
    for (const owner of metadata.ownerReferences ?? []) queue.add(owner.uid);
    index.apply(event);
    if (event.type === 'DELETED') for (const uid of index.dependentsOf(metadata.uid)) queue.add(uid);
    else if (metadata.ownerReferences?.length || metadata.deletionTimestamp) queue.add(metadata.uid);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

function reconcile(state: ClusterState, index: OwnershipIndex, uid: string): void {
  const found = index.find(uid);
  if (!found) return;
  const { resource, object } = found;
  const { finalizers = [], deletionTimestamp, ownerReferences = [], namespace, name } = object.metadata;
  if (deletionTimestamp) {
    if (finalizers.includes(ORPHAN_FINALIZER)) orphanDependents(state, index, resource, object);
    else if (finalizers.includes(FOREGROUND_FINALIZER)) deleteDependents(state, index, resource, object);
    return;
  }
  if (ownerReferences.length === 0) return;
  for (const owner of ownerReferences) {
    if (index.stateOf(owner, namespace) === 'elsewhere') tellMisplaced(state, object, owner);
  }
  const remaining = ownerReferences.filter((owner) => !isLost(state, index, owner, namespace));
  if (remaining.length === ownerReferences.length) return;
  if (remaining.length > 0) {
    changeMetadata(state, resource, object, { ownerReferences: remaining });
    return;
  }
  const target = { ...state.registry.stored(resource), namespace };
  deleteObject(state, target, name, { preconditions: { uid } });
}

/** Whether an owner is known not to be there. Of a kind that is not served nobody knows. */
function isLost(
  { registry }: ClusterState,
  index: OwnershipIndex,
  owner: OwnerReference,
  namespace: string | undefined,
): boolean {
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : '';
  switch (index.stateOf(owner, namespace)) {
    case 'present':
      return false;
    case 'gone':
      return true;
    case 'unseen':
      return registry.all().some((known) => known.group === group && known.kind === owner.kind);
    case 'elsewhere':
      // What has no namespace cannot look for an owner in one: it stays.
      return namespace !== undefined;
  }
}

function tellMisplaced(state: ClusterState, object: ApiObject, owner: OwnerReference): void {
  const { apiVersion, kind, name, uid } = owner;
  const { namespace = '' } = object.metadata;
  recordEvent(state, object, {
    type: 'Warning',
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace ${JSON.stringify(namespace)}`,
    component: 'garbage-collector-controller',
  });
}

function orphanDependents(
  state: ClusterState,
  index: OwnershipIndex,
  resource: string,
  owner: ApiObject,
): void {
  for (const uid of index.dependentsOf(owner.metadata.uid)) {
    const dependent = index.find(uid);
    if (!dependent) continue;
    const references = dependent.object.metadata.ownerReferences ?? [];
    const ownerReferences = references.filter((reference) => reference.uid !== owner.metadata.uid);
    changeMetadata(state, dependent.resource, dependent.object, { ownerReferences });
  }
  removeFinalizer(state, resource, owner, ORPHAN_FINALIZER);
}

function deleteDependents(
  state: ClusterState,
  index: OwnershipIndex,
  resource: string,
  owner: ApiObject,
): void {
  let isBlocked = false;
  for (const uid of index.dependentsOf(owner.metadata.uid)) {
    const dependent = index.find(uid);
    if (!dependent) continue;
    const { metadata } = dependent.object;
    const others = (metadata.ownerReferences ?? []).filter((r) => r.uid !== owner.metadata.uid);
    if (others.some((other) => isKept(index, other))) {
      changeMetadata(state, dependent.resource, dependent.object, { ownerReferences: others });
      continue;
    }
    const target = { ...state.registry.stored(dependent.resource), namespace: metadata.namespace };
    const propagationPolicy = index.dependentsOf(uid).length > 0 ? 'Foreground' : 'Background';
    const { isGone } = deleteObject(state, target, metadata.name, {
      propagationPolicy,
      preconditions: { uid },
    });
    const reference = metadata.ownerReferences?.find((r) => r.uid === owner.metadata.uid);
    if (!isGone && reference?.blockOwnerDeletion) isBlocked = true;
  }
  if (!isBlocked) removeFinalizer(state, resource, owner, FOREGROUND_FINALIZER);
}

/** Whether an owner is there to stay, and with it what depends on it. */
function isKept(index: OwnershipIndex, owner: OwnerReference): boolean {
  const { metadata } = index.find(owner.uid)?.object ?? {};
  return Boolean(metadata && !metadata.finalizers?.includes(FOREGROUND_FINALIZER));
}

function removeFinalizer(state: ClusterState, resource: string, object: ApiObject, finalizer: string): void {
  const finalizers = (object.metadata.finalizers ?? []).filter((f) => f !== finalizer);
  changeMetadata(state, resource, object, { finalizers });
}

function changeMetadata(
  state: ClusterState,
  resource: string,
  object: ApiObject,
  metadata: Partial<ObjectMeta>,
): void {
  changeObject(state, resource, object, { metadata }, MANAGER);
}
