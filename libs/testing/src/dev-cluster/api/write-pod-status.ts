import type { ApiObject, JsonObject } from '../object/api-object.js';
import type { ClusterState } from './cluster-state.js';
import { commitUpdate } from './commit-update.js';

/** Writes the status of a pod as the cluster's own components do. @returns undefined when the pod is gone or another one */
export function writePodStatus(
  state: ClusterState,
  pod: ApiObject,
  status: JsonObject,
  manager: string,
): ApiObject | undefined {
  const { namespace, name, uid } = pod.metadata;
  const current = state.store.get('pods', namespace, name);
  if (current?.metadata.uid !== uid) return undefined;
  const target = { ...state.registry.stored('pods'), namespace };
  return commitUpdate(state, target, current, { ...current, status }, { manager, subresource: 'status' });
}
