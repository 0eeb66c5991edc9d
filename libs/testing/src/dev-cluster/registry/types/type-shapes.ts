import type { ListShape, ListShapes } from '../list-shape.js';
import type { Field, ObjectType, ValueType } from './object-type.js';

/** Key by which a strategic merge patch merges the list at a path; empty to merge by value, undefined to replace. */
export type MergeKeys = (path: readonly string[]) => string | undefined;

const ATOMIC: ListShape = { type: 'atomic' };
const SET: ListShape = { type: 'set' };
const ENTRY: ListShape = { type: 'entry' };

/** How the lists and objects of a type merge in server-side apply. */
export function shapesOf(root: ObjectType): ListShapes {
  const known = new Map<Field, ListShape | undefined>();
  return (path) => {
    const found = findField(root, path);
    if (!found) return undefined;
    const { field, value } = found;
    if (value !== field.value) return value.kind === 'object' && value.type().isAtomic ? ATOMIC : ENTRY;
    if (!known.has(field)) known.set(field, shapeOf(field));
    return known.get(field);
  };
}

export function mergeKeysOf(root: ObjectType): MergeKeys {
  return (path) => {
    const found = findField(root, path);
    return found && found.value === found.field.value ? found.field.mergeKey : undefined;
  };
}

function shapeOf({ value, isAtomic, listKeys }: Field): ListShape | undefined {
  if (isAtomic) return ATOMIC;
  if (value.kind === 'object') return value.type().isAtomic ? ATOMIC : undefined;
  if (value.kind !== 'list' || !listKeys) return undefined;
  if (listKeys.length === 0) return SET;
  const hasAtomicItems = value.of.kind === 'object' && value.of.type().isAtomic;
  return { type: 'map', keys: listKeys, keyDefaults: keyDefaults(value.of, listKeys), hasAtomicItems };
}

function keyDefaults(item: ValueType, keys: readonly string[]): Record<string, string> {
  if (item.kind !== 'object') return {};
  const entries = keys.map((key) => [key, item.type().fields.get(key)?.default] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The field a path ends in or inside of: list items add no path element, keys of maps do. */
function findField(
  root: ObjectType,
  path: readonly string[],
): { field: Field; value: ValueType } | undefined {
  let type: ObjectType | undefined = root;
  let found: { field: Field; value: ValueType } | undefined;
  for (const name of path) {
    let value: ValueType | undefined = found?.value;
    if (value?.kind === 'list') value = value.of;
    if (value?.kind === 'map') {
      found = { field: (found as { field: Field }).field, value: value.of };
      continue;
    }
    if (value) type = value.kind === 'object' ? value.type() : undefined;
    const field: Field | undefined = type?.fields.get(name);
    if (!field) return undefined;
    found = { field, value: field.value };
  }
  return found;
}
