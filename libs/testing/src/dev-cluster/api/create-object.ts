import type { ApiObject, Json } from '../object/api-object.js';
import { checkName, generateName, newUid } from '../object/names.js';
import { parseObject } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import { timestamp } from '../object/timestamp.js';
import { type Ownership, trackUpdate, writeOwnership } from '../patch/managed-fields.js';
import { apiVersionOf, resourceKey } from '../registry/resource.js';
import { readAsKind, validateObject } from './admit.js';
import { admitNew } from './admit-new.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { inVersion } from './read-object.js';

/**
 * @param owners ownership decided by server-side apply; otherwise the writer owns all it sends
 * @throws ApiError 400, 403 (terminating namespace), 404 (no such namespace), 409 (exists) or 422
 */
export function createObject(
  state: ClusterState,
  target: Target,
  body: Json,
  options: WriteOptions,
  owners?: Ownership[],
): ApiObject {
  const { resource, apiVersion } = target;
  const object = parseObject(body, { apiVersion, kind: resource.kind, custom: resource.custom });
  if (object.metadata.resourceVersion) {
    throw refuse.badRequest('resourceVersion should not be set on objects to be created');
  }
  object.metadata = newMetadata(target, object);
  readAsKind(target, object, options);
  requireNamespace(state, target, object.metadata.name);
  if (resource.hasStatus && !resource.keepsStatusOnCreate) delete object.status;
  const ownership = writeOwnership(owners ?? ownershipOfNew(target, object, options.manager));
  if (ownership.length > 0) object.metadata.managedFields = ownership;
  resource.prepare?.(object, undefined);
  if (resource.hasGeneration) object.metadata.generation = 1;
  if (resource.initialStatus) object.status = resource.initialStatus(object);
  admitNew(state, target, object);
  validateObject(target, object, undefined);
  const key = resourceKey(resource);
  if (state.store.get(key, target.namespace, object.metadata.name)) {
    throw refuse.alreadyExists(resource, object.metadata.name);
  }
  if (options.dryRun) return object;
  object.apiVersion = apiVersionOf(resource.group, resource.storageVersion);
  return inVersion(state.store.put(key, object), apiVersion);
}

/** The writer owns all that is not there by itself. */
function ownershipOfNew({ resource, version }: Target, object: ApiObject, manager: string): Ownership[] {
  const { apiVersion, kind } = object;
  const metadata = { name: '', uid: '', resourceVersion: '', creationTimestamp: '' };
  const empty = { ...version.schema?.empty(), apiVersion, kind, metadata };
  return trackUpdate(empty, object, { manager, operation: 'Update' }, resource.listShapes);
}

function newMetadata(target: Target, object: ApiObject): ApiObject['metadata'] {
  const { resource, namespace } = target;
  const meta = object.metadata;
  if (resource.namespaced && meta.namespace && meta.namespace !== namespace) {
    throw refuse.badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  const name = meta.name || (meta.generateName ? generateName(meta.generateName) : '');
  const cause = name
    ? checkName(name, resource.nameRule)
    : ({
        field: 'metadata.name',
        reason: 'FieldValueRequired',
        message: 'Required value: name or generateName is required',
      } as const);
  if (cause) throw refuse.invalid(resource, name, [cause]);
  const { generateName: base, labels, annotations, finalizers, ownerReferences } = meta;
  return {
    name,
    ...(base ? { generateName: base } : {}),
    ...(resource.namespaced ? { namespace } : {}),
    uid: newUid(),
    resourceVersion: '',
    creationTimestamp: timestamp(),
    ...(hasEntries(labels) ? { labels } : {}),
    ...(hasEntries(annotations) ? { annotations } : {}),
    ...(finalizers?.length ? { finalizers } : {}),
    ...(ownerReferences?.length ? { ownerReferences } : {}),
  };
}

const hasEntries = (map: object | undefined): boolean => map !== undefined && Object.keys(map).length > 0;

function requireNamespace(state: ClusterState, { resource, namespace }: Target, name: string): void {
  if (!resource.namespaced) return;
  const found = state.store.get('namespaces', undefined, namespace ?? '');
  if (!found) throw refuse.notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace ?? '');
  if (found.metadata.deletionTimestamp) {
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw refuse.forbidden(resource, name, why, [
      {
        field: 'metadata.namespace',
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
      },
    ]);
  }
}
