import type { Json } from '../object/api-object.js';
import { SYSTEM_CLASSES } from '../registry/scheduling-kinds.js';
import type { ClusterState } from './cluster-state.js';
import { createObject } from './create-object.js';

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates the namespaces and priority classes every cluster has. */
export function ensureSystemObjects(state: ClusterState): void {
  for (const name of SYSTEM_NAMESPACES) ensure(state, 'namespaces', name, {});
  for (const [name, value] of SYSTEM_CLASSES) {
    ensure(state, 'priorityclasses.scheduling.k8s.io', name, {
      value,
      description: 'For pods that the cluster itself cannot do without.',
    });
  }
}

function ensure(state: ClusterState, key: string, name: string, fields: Record<string, Json>): void {
  if (state.store.get(key, undefined, name)) return;
  const body = { metadata: { name }, ...fields };
  createObject(state, state.registry.stored(key), body, { manager: 'kube-apiserver' });
}
