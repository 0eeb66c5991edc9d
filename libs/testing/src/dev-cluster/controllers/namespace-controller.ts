import type { ClusterState } from '../api/cluster-state.js';
import { deleteObject } from '../api/delete-object.js';
import { finalizeNamespace } from '../api/finalize-namespace.js';
import { resourceKey } from '../registry/resource.js';
import type { Controller } from './controller.js';
import { ReconcileQueue } from './reconcile-queue.js';

/** Empties namespaces that are being deleted, then lets them go. */
export function startNamespaceController(state: ClusterState): Controller {
  const { store } = state;
  const isTerminating = (name: string): boolean =>
    store.get('namespaces', undefined, name)?.metadata.deletionTimestamp !== undefined;
  const queue = new ReconcileQueue<string>('namespaces', (name) => {
    if (isTerminating(name) && emptyNamespace(state, name))
      finalizeNamespace(state, name, { spec: { finalizers: [] } });
  });
  for (const { metadata } of store.list('namespaces')) queue.add(metadata.name);
  const unsubscribe = store.subscribe(({ resource, type, object }) => {
    const { name, namespace } = object.metadata;
    if (resource === 'namespaces' && type !== 'DELETED' && object.metadata.deletionTimestamp) queue.add(name);
    else if (type === 'DELETED' && namespace && isTerminating(namespace)) queue.add(namespace);
  });
  return {
    stop: () => {
      unsubscribe();
      queue.stop();
    },
  };
}

/** Deletes everything in a namespace. @returns whether nothing is left */
function emptyNamespace(state: ClusterState, namespace: string): boolean {
  let isEmpty = true;
  for (const resource of state.registry.all()) {
    if (!resource.namespaced) continue;
    const key = resourceKey(resource);
    const target = { ...state.registry.stored(key), namespace };
    for (const { metadata } of state.store.list(key, namespace)) {
      if (!deleteObject(state, target, metadata.name, {}).isGone) isEmpty = false;
    }
  }
  return isEmpty;
}
