import type { ApiObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';
import { resourceKey } from '../registry/resource.js';
import type { ClusterState, Target } from './cluster-state.js';

/** @throws ApiError 404 */
export function readObject(state: ClusterState, target: Target, name: string): ApiObject {
  const object = state.store.get(resourceKey(target.resource), target.namespace, name);
  if (!object) throw refuse.notFound(target.resource, name);
  return inVersion(object, target.apiVersion);
}

/** The object as another version of its kind shows it: versions differ in name only. */
export function inVersion(object: ApiObject, apiVersion: string): ApiObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
