import type { ApiObject, ManagedFieldsEntry } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { refuse } from '../object/refusals.js';
import { timestamp } from '../object/timestamp.js';
import { type Ownership, trackUpdate, writeOwnership } from '../patch/managed-fields.js';
import { apiVersionOf, resourceKey } from '../registry/resource.js';
import { readAsKind, validateObject } from './admit.js';
import type { ClusterState, Target, WriteOptions } from './cluster-state.js';
import { isReleased } from './deletion.js';
import { inVersion } from './read-object.js';

/**
 * Stores a changed object: keeps what clients may not change, admits the rest, counts the generation, records who
 * owns what, and finishes a deletion when the last finalizer went. A change of nothing is not a new version.
 *
 * @param next a private copy, changed here
 * @param owners ownership decided by server-side apply
 * @throws ApiError 409 when `next` builds on another version, 422 when it is not valid
 */
export function commitUpdate(
  state: ClusterState,
  target: Target,
  old: ApiObject,
  next: ApiObject,
  options: WriteOptions,
  owners?: Ownership[],
): ApiObject {
  const { resource } = target;
  const { name, resourceVersion } = next.metadata;
  if (name && name !== old.metadata.name) {
    throw refuse.badRequest(
      `the name of the object (${name}) does not match the name on the URL (${old.metadata.name})`,
    );
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion)
    throw refuse.stale(resource, old.metadata.name);
  requireSameIdentity(target, old, next);
  const resetsOwnership = isOwnershipReset(next);
  const result = withFixedParts(target, old, next, options.subresource);
  refuseNewFinalizers(target, old, result);
  readAsKind(target, result, options);
  resource.prepare?.(result, old);
  validateObject(target, result, old);
  if (resource.hasGeneration && !sameJson(desiredState(target, result), desiredState(target, old))) {
    result.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  const writer = { manager: options.manager, operation: 'Update', subresource: options.subresource } as const;
  const ownership = owners ?? trackUpdate(old, result, writer, resource.listShapes);
  const written = resetsOwnership ? [] : writeOwnership(ownership);
  if (written.length > 0) result.metadata.managedFields = written;
  else delete result.metadata.managedFields;
  const stored = inVersion(result, apiVersionOf(resource.group, resource.storageVersion));
  if (options.dryRun) return result;
  if (isReleased(stored))
    return inVersion(state.store.remove(resourceKey(resource), stored), target.apiVersion);
  if (sameJson(stored, inVersion(old, stored.apiVersion))) return inVersion(old, target.apiVersion);
  return inVersion(state.store.put(resourceKey(resource), stored), target.apiVersion);
}

/** @throws ApiError 422 for another uid, or a deletion that nobody asked for */
function requireSameIdentity({ resource }: Target, old: ApiObject, next: ApiObject): void {
  for (const field of ['uid', 'deletionTimestamp'] as const) {
    const value = next.metadata[field];
    if (!value || value === old.metadata[field] || isSameTime(value, old.metadata[field])) continue;
    const message = `Invalid value: ${JSON.stringify(value)}: field is immutable`;
    throw refuse.invalid(resource, old.metadata.name, [
      { field: `metadata.${field}`, reason: 'FieldValueInvalid', message },
    ]);
  }
}

/** Clients write times in forms of their own. */
function isSameTime(a: string, b: string | undefined): boolean {
  return Math.floor(Date.parse(a) / 1000) === Math.floor(Date.parse(b ?? '') / 1000);
}

/** A client clears managedFields by sending an empty list or a list of one empty entry. */
function isOwnershipReset(next: ApiObject): boolean {
  const sent = next.metadata.managedFields;
  return (
    sent !== undefined &&
    (sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0))
  );
}

function withFixedParts(
  target: Target,
  old: ApiObject,
  next: ApiObject,
  subresource: string | undefined,
): ApiObject {
  if (subresource === 'status') {
    const result = structuredClone(inVersion(old, target.apiVersion));
    if (next.status) result.status = next.status;
    else delete result.status;
    return result;
  }
  const { labels, annotations, finalizers, ownerReferences, managedFields } = next.metadata;
  const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...fixed } = old.metadata;
  const result: ApiObject = {
    ...next,
    apiVersion: target.apiVersion,
    kind: target.resource.kind,
    metadata: {
      ...fixed,
      ...(hasEntries(labels) ? { labels } : {}),
      ...(hasEntries(annotations) ? { annotations } : {}),
      ...(finalizers?.length ? { finalizers } : {}),
      ...(ownerReferences?.length ? { ownerReferences } : {}),
      ...(managedFields?.length ? { managedFields: managedFields.map(withWholeSeconds) } : {}),
    },
  };
  if (target.resource.hasStatus) {
    if (old.status) result.status = old.status;
    else delete result.status;
  }
  return result;
}

/** Some clients send times in another form than they got them. */
const withWholeSeconds = (entry: ManagedFieldsEntry): ManagedFieldsEntry => {
  const atMs = Date.parse(entry.time ?? '');
  return Number.isNaN(atMs) ? entry : { ...entry, time: timestamp(atMs) };
};

const hasEntries = (map: object | undefined): boolean => map !== undefined && Object.keys(map).length > 0;

/** All but metadata and, where it has its own subresource, status. */
function desiredState(target: Target, object: ApiObject): ApiObject {
  const { metadata: _metadata, status, ...rest } = object;
  return (target.resource.hasStatus
    ? { ...rest, apiVersion: '' }
    : { ...rest, status, apiVersion: '' }) as unknown as ApiObject;
}

function refuseNewFinalizers(target: Target, old: ApiObject, next: ApiObject): void {
  if (!old.metadata.deletionTimestamp) return;
  const added = (next.metadata.finalizers ?? []).filter((f) => !old.metadata.finalizers?.includes(f));
  if (added.length === 0) return;
  throw refuse.invalid(target.resource, old.metadata.name, [
    {
      field: 'metadata.finalizers',
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
    },
  ]);
}
