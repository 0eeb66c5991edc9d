import type { ClusterState } from '../api/cluster-state.js';
import { commitUpdate } from '../api/commit-update.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';

/** Writes the status of an object as a controller does, if it is still the same one. */
export function writeStatus(
  state: ClusterState,
  resource: string,
  { metadata: { namespace, name, uid } }: ApiObject,
  status: JsonObject,
  manager: string,
): ApiObject | undefined {
  const current = state.store.get(resource, namespace, name);
  if (current?.metadata.uid !== uid) return undefined;
  const target = { ...state.registry.stored(resource), namespace };
  return commitUpdate(state, target, current, { ...current, status }, { manager, subresource: 'status' });
}
