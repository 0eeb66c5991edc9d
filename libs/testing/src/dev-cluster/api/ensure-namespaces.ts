import type { ClusterState } from './cluster-state.js';
import { createObject } from './create-object.js';

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates the namespaces every cluster has. */
export function ensureNamespaces(state: ClusterState): void {
  for (const name of SYSTEM_NAMESPACES) {
    if (state.store.get('namespaces', undefined, name)) continue;
    createObject(
      state,
      state.registry.stored('namespaces'),
      { metadata: { name } },
      { manager: 'kube-apiserver' },
    );
  }
}
