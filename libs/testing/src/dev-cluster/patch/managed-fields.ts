import type { ApiObject, ManagedFieldsEntry } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';
import type { ListShapes } from '../registry/list-shape.js';
import { allFields, type FieldPath, fromFieldsV1, toFieldsV1 } from './field-set.js';

/** Who writes, and how. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
}

/** The fields one writer owns. */
export interface Ownership extends Writer {
  readonly apiVersion: string;
  readonly time?: string;
  readonly fields: Set<FieldPath>;
}

export function sameWriter(a: Writer, b: Writer): boolean {
  return (
    a.manager === b.manager && a.operation === b.operation && (a.subresource ?? '') === (b.subresource ?? '')
  );
}

export function readOwnership(object: ApiObject | undefined): Ownership[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    subresource: entry.subresource,
    apiVersion: entry.apiVersion,
    time: entry.time,
    fields: fromFieldsV1(entry.fieldsV1 ?? {}),
  }));
}

/** Owners without fields are left out; those who apply come first, then by time and name. */
export function writeOwnership(owners: readonly Ownership[]): ManagedFieldsEntry[] {
  return owners
    .filter((owner) => owner.fields.size > 0)
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map(({ manager, operation, apiVersion, time, subresource, fields }) => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource ? { subresource } : {}),
    }));
}

const orderOf = ({ operation, time, manager, apiVersion, subresource }: Ownership): string =>
  [operation, time, manager, apiVersion, subresource].join('\n');

/**
 * Ownership after an ordinary write: the writer gains what it changed, everyone else loses it, and fields that
 * are gone belong to nobody.
 *
 * @param old the state before; for a new object, what it holds before anyone has set it
 */
export function trackUpdate(
  old: ApiObject,
  next: ApiObject,
  writer: Writer,
  shapes: ListShapes,
): Ownership[] {
  const before = allFields(old, shapes);
  const after = allFields(next, shapes);
  const changed = new Set<FieldPath>();
  for (const [path, value] of after) if (!sameJson(before.get(path), value)) changed.add(path);
  // A client may rewrite ownership by what it sends.
  const base = next.metadata.managedFields?.length ? next : old;
  const owners = readOwnership(base).map((owner) => {
    const isSelf = sameWriter(owner, writer);
    const kept = [...owner.fields].filter((path) => after.has(path) && (isSelf || !changed.has(path)));
    return { ...owner, fields: new Set(kept) };
  });
  return changed.size === 0 ? owners : withFields(owners, writer, next.apiVersion, changed);
}

function withFields(
  owners: Ownership[],
  writer: Writer,
  apiVersion: string,
  changed: ReadonlySet<FieldPath>,
): Ownership[] {
  const own = owners.find((owner) => sameWriter(owner, writer));
  const fields = new Set([...(own?.fields ?? []), ...changed]);
  return [...owners.filter((owner) => owner !== own), { ...writer, apiVersion, time: timestamp(), fields }];
}
