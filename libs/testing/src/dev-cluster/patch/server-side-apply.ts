import { ApiError, type Cause } from '../object/api-error.js';
import type { ApiObject, Json } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';
import type { ListShapes } from '../registry/list-shape.js';
import { allFields, type FieldPath, formatPath, leafFields, SEPARATOR } from './field-set.js';
import { type Ownership, readOwnership, sameWriter, type Writer } from './managed-fields.js';
import { mergeApplied, removeFields } from './merge-applied.js';

export interface AppliedObject {
  readonly object: ApiObject;
  readonly owners: Ownership[];
}

/**
 * Server-side apply: the configuration is all that this manager wants. Fields it named before and no longer names
 * go, unless someone else owns them too; fields others own with another value are a conflict.
 *
 * @param writer operation must be `Apply`
 * @param migratable fields that are not contested although others own them
 * @throws ApiError 409 naming every conflicting field, unless `force` takes them over
 */
export function serverSideApply(
  live: ApiObject | undefined,
  config: ApiObject,
  writer: Writer,
  shapes: ListShapes,
  force: boolean,
  migratable: ReadonlySet<FieldPath> = new Set(),
): AppliedObject {
  const wanted = leafFields(config, shapes);
  const current = live ? leafFields(live, shapes) : new Map<FieldPath, Json>();
  let owners = readOwnership(live);
  const previous = owners.find((owner) => sameWriter(owner, writer));
  owners = owners.filter((owner) => owner !== previous);

  const conflicts = owners.map((owner) => ({
    owner,
    // An empty object that has been filled since is no value anyone could change.
    fields: [...owner.fields].filter(
      (path) => wanted.has(path) && current.has(path) && !sameJson(wanted.get(path), current.get(path)),
    ),
  }));
  if (conflicts.some(({ fields }) => fields.length > 0)) {
    const contested = conflicts.map(({ owner, fields }) => ({
      owner,
      fields: fields.filter((f) => !migratable.has(f)),
    }));
    if (!force && contested.some(({ fields }) => fields.length > 0)) throw conflictError(contested);
    owners = conflicts.map(({ owner, fields }) => ({ ...owner, fields: difference(owner.fields, fields) }));
  }

  const fields = new Set(wanted.keys());
  const owned = withParents([...owners.flatMap((owner) => [...owner.fields]), ...fields]);
  const abandoned = [...withParents(previous?.fields ?? [])].filter((path) => !owned.has(path));
  const merged = live ? mergeApplied(live, config, shapes) : config;
  const object = removeFields(merged, abandoned, shapes);
  const isUnchanged =
    previous?.fields.size === fields.size && [...previous.fields].every((f) => fields.has(f));
  const time = isUnchanged ? previous.time : timestamp();
  // With what goes, the ownership of others in it goes too.
  const left = allFields(object, shapes);
  const others = owners.map((owner) => ({
    ...owner,
    fields: new Set([...owner.fields].filter((path) => left.has(path))),
  }));
  return { object, owners: [...others, { ...writer, apiVersion: config.apiVersion, time, fields }] };
}

/**
 * Fields with the fields that hold them, but for metadata, which every object has. Who owns something inside a field
 * wants the field; items of lists are owned only as such.
 */
function withParents(fields: Iterable<FieldPath>): Set<FieldPath> {
  const all = new Set<FieldPath>();
  for (const field of fields) {
    all.add(field);
    for (let at = field.lastIndexOf(SEPARATOR); at !== -1; at = field.lastIndexOf(SEPARATOR, at - 1)) {
      const parent = field.slice(0, at);
      const isField = parent.slice(parent.lastIndexOf(SEPARATOR) + 1).startsWith('f:');
      if (isField && parent !== 'f:metadata') all.add(parent);
    }
  }
  return all;
}

const difference = (fields: ReadonlySet<FieldPath>, without: readonly FieldPath[]): Set<FieldPath> => {
  const gone = new Set(without);
  return new Set([...fields].filter((path) => !gone.has(path)));
};

function conflictError(conflicts: readonly { owner: Ownership; fields: FieldPath[] }[]): ApiError {
  const found = conflicts
    .filter(({ fields }) => fields.length > 0)
    .map(({ owner, fields }) => ({ manager: describeOwner(owner), paths: fields.map(formatPath).sort() }))
    .sort((a, b) => (a.manager < b.manager ? -1 : 1));
  const causes = found.flatMap(({ manager, paths }) =>
    paths.map(
      (field): Cause => ({ field, reason: 'FieldManagerConflict', message: `conflict with ${manager}` }),
    ),
  );
  const [first] = causes;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
      : `Apply failed with ${causes.length} conflicts: ${found
          .map(({ manager, paths }) =>
            [`conflicts with ${manager}:`, ...paths.map((path) => `- ${path}`)].join('\n'),
          )
          .join('\n')}`;
  return new ApiError(409, 'Conflict', message, { causes });
}

/** Those who apply are known by name; of those who update it also matters how. */
function describeOwner({ manager, subresource, operation, apiVersion }: Ownership): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`;
  return operation === 'Apply' ? name : `${name} using ${apiVersion}`;
}
