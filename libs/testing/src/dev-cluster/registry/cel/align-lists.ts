import type { Json } from '../../object/api-object.js';
import { isObject, sameJson } from '../../object/json.js';
import { hasSameKeys, mapKeysOf } from '../schema-children.js';
import type { StructuralSchema } from '../structural-schema.js';

/**
 * The old value with its sets and keyed lists in the order of the new one: order means nothing in them, and this is
 * how `self == oldSelf` comes to hold for a list that was only reordered.
 */
export function alignLists(old: Json, value: Json, schema: StructuralSchema): Json {
  if (Array.isArray(old) && Array.isArray(value)) return alignList(old, value, schema);
  if (!isObject(old) || !isObject(value)) return old;
  const rest = schema.additionalProperties;
  const entries = Object.entries(old).map(([key, before]) => {
    const child = schema.properties?.[key] ?? (typeof rest === 'object' ? rest : undefined);
    const now = value[key];
    return [key, child && before && now ? alignLists(before, now, child) : before];
  });
  return Object.fromEntries(entries);
}

function alignList(old: readonly Json[], list: readonly Json[], schema: StructuralSchema): Json {
  const { items } = schema;
  const keys = mapKeysOf(schema);
  const isSet = schema['x-kubernetes-list-type'] === 'set';
  if (!items || (!keys && !isSet)) return [...old];
  const left = [...old];
  const aligned = list.flatMap((item) => {
    const at = left.findIndex((candidate) =>
      keys ? hasSameKeys(candidate, item, keys) : sameJson(candidate, item),
    );
    return at === -1 ? [] : left.splice(at, 1).map((found) => alignLists(found, item, items));
  });
  return [...aligned, ...left];
}
