import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, splitPath, valueAt } from '../object/json.js';
import { refuse } from '../object/refusals.js';
import { SEPARATOR } from '../patch/field-set.js';
import { type Ownership, readOwnership, trackUpdate } from '../patch/managed-fields.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { commitUpdate } from './commit-update.js';
import { readObject } from './read-object.js';

/** The `autoscaling/v1` Scale of an object. @throws ApiError 404 */
export function readScale(state: ClusterState, target: Target, name: string): JsonObject {
  const paths = target.resource.scale;
  if (!paths) throw refuse.noSuchPath();
  const object = readObject(state, target, name);
  const { uid, resourceVersion, creationTimestamp, namespace } = object.metadata;
  const selector = paths.labelSelector
    ? valueAt(object, splitPath(paths.labelSelector))
    : paths.selectorOf?.(object);
  const replicas = valueAt(object, splitPath(paths.specReplicas));
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
    spec: { replicas: replicas ?? 0 },
    status: {
      replicas: valueAt(object, splitPath(paths.statusReplicas)) ?? 0,
      ...(typeof selector === 'string' ? { selector } : {}),
    },
  };
}

/** Sets the replicas through a Scale. @throws ApiError 404, 409 for another resourceVersion, 422 */
export function writeScale(
  state: ClusterState,
  target: Target,
  name: string,
  scale: Json,
  options: WriteOptions,
): JsonObject {
  const paths = target.resource.scale;
  if (!paths) throw refuse.noSuchPath();
  const replicas = isObject(scale) ? valueAt(scale, ['spec', 'replicas']) : undefined;
  const old = readObject(state, target, name);
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw refuse.invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, name, [
      {
        field: 'spec.replicas',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(replicas ?? null)}: must be greater than or equal to 0`,
      },
    ]);
  }
  const next = structuredClone(old);
  const version = isObject(scale) ? valueAt(scale, ['metadata', 'resourceVersion']) : undefined;
  next.metadata.resourceVersion = typeof version === 'string' ? version : '';
  setAt(next, splitPath(paths.specReplicas), replicas);
  commitUpdate(state, target, old, next, options, ownersOfScaled(target, old, next, options.manager));
  return readScale(state, target, name);
}

/** Scaling takes the replicas from whoever owns them; what nobody owns it leaves so, as the real server does. */
function ownersOfScaled({ resource }: Target, old: ApiObject, next: ApiObject, manager: string): Ownership[] {
  const path = splitPath(resource.scale?.specReplicas ?? '')
    .map((name) => `f:${name}`)
    .join(SEPARATOR);
  const owners = readOwnership(old);
  if (!owners.some(({ fields }) => fields.has(path))) return owners;
  const writer = { manager, operation: 'Update', subresource: 'scale' } as const;
  return trackUpdate(old, next, writer, resource.listShapes);
}

function setAt(object: ApiObject, path: readonly string[], value: number): void {
  let node: JsonObject = object;
  for (const key of path.slice(0, -1)) {
    const child = node[key];
    node[key] = isObject(child) ? child : {};
    node = node[key] as JsonObject;
  }
  node[path.at(-1) ?? ''] = value;
}
