import type { ClusterState } from '../api/cluster-state.js';
import { commitUpdate } from '../api/commit-update.js';
import type { ApiObject, JsonObject, ObjectMeta } from '../object/api-object.js';

export interface ObjectChange {
  readonly metadata?: Partial<ObjectMeta>;
  /** Fields of the spec. */
  readonly spec?: JsonObject;
}

/** Changes some metadata and some of the spec of an object as a controller does. @throws ApiError 404, 422 */
export function changeObject(
  state: ClusterState,
  resource: string,
  object: ApiObject,
  change: ObjectChange,
  manager: string,
): ApiObject {
  const target = { ...state.registry.stored(resource), namespace: object.metadata.namespace };
  const next: ApiObject = { ...object, metadata: { ...object.metadata, ...change.metadata } };
  if (change.spec) next.spec = { ...object.spec, ...change.spec };
  return commitUpdate(state, target, object, structuredClone(next), { manager });
}
