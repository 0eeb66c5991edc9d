import type { ApiObject, Json } from '../object/api-object.js';
import { valueAt } from '../object/json.js';
import type { ClusterState } from './cluster-state.js';
import { isReleased } from './deletion.js';
import { readObject } from './read-object.js';

/** Sets spec.finalizers of a namespace, and removes it when it is terminating and none is left. @throws ApiError 404 */
export function finalizeNamespace(
  state: ClusterState,
  name: string,
  body: Json,
  isDryRun = false,
): ApiObject {
  const old = readObject(state, state.registry.stored('namespaces'), name);
  const finalizers = valueAt(body, ['spec', 'finalizers']);
  const next: ApiObject = {
    ...old,
    spec: { ...old.spec, finalizers: Array.isArray(finalizers) ? finalizers : [] },
  };
  if (isDryRun) return next;
  return isReleased(next) ? state.store.remove('namespaces', next) : state.store.put('namespaces', next);
}
