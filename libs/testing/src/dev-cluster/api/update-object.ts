import type { ApiObject, Json } from '../object/api-object.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { commitUpdate } from './commit-update.js';
import { readObject } from './read-object.js';

/** Replaces an object (PUT). @throws ApiError 400, 404, 409 when the resourceVersion is not the current one, 422 */
export function updateObject(
  state: ClusterState,
  target: Target,
  name: string,
  body: Json,
  options: WriteOptions,
): ApiObject {
  const { kind, custom } = target.resource;
  const next = parseObject(body, { apiVersion: target.apiVersion, kind, custom });
  const old = readObject(state, target, name);
  const { uid } = next.metadata;
  if (uid && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
    throw refuse.conflict(target.resource, name, why);
  }
  if (!next.metadata.name) throw refuse.badRequest(`the name of the object (${name} expected) is missing`);
  if (!next.metadata.resourceVersion && !target.resource.allowUnconditionalUpdate) {
    throw refuse.invalid(target.resource, name, [
      {
        field: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0x0: must be specified for an update',
      },
    ]);
  }
  return commitUpdate(state, target, old, next, options);
}
