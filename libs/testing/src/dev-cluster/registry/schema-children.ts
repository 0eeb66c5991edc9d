import type { Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import type { StructuralSchema } from './structural-schema.js';

/** A value inside another one, with the schema it obeys and what was in its place before. */
export interface SchemaChild {
  /** The field's name, the key in a map, or the position in a list. */
  readonly key: string | number;
  readonly kind: 'field' | 'value' | 'item';
  readonly schema: StructuralSchema;
  readonly value: Json;
  /** Undefined when it is new, or in a list whose items cannot be told apart. */
  readonly old: Json | undefined;
}

/**
 * What an object or list contains, each with its counterpart in the old one: fields and map values by name, items of
 * a list by its map keys. Items of other lists have no counterpart.
 */
export function schemaChildren(value: Json, schema: StructuralSchema, old: Json | undefined): SchemaChild[] {
  if (Array.isArray(value)) return itemsOf(value, schema, Array.isArray(old) ? old : []);
  if (!isObject(value)) return [];
  const before = isObject(old) ? old : {};
  return Object.entries(value).flatMap(([key, child]): SchemaChild[] => {
    if (child === undefined) return [];
    const property = schema.properties?.[key];
    if (property) return [{ key, kind: 'field', schema: property, value: child, old: before[key] }];
    const rest = schema.additionalProperties;
    return typeof rest === 'object'
      ? [{ key, kind: 'value', schema: rest, value: child, old: before[key] }]
      : [];
  });
}

function itemsOf(list: readonly Json[], schema: StructuralSchema, old: readonly Json[]): SchemaChild[] {
  const { items } = schema;
  if (!items) return [];
  const keys = mapKeysOf(schema);
  return list.map((value, key) => ({
    key,
    kind: 'item',
    schema: items,
    value,
    old: keys ? old.find((candidate) => hasSameKeys(candidate, value, keys)) : undefined,
  }));
}

/** The fields that tell the items of a list apart; undefined where position or nothing does. */
export function mapKeysOf(schema: StructuralSchema): readonly string[] | undefined {
  return schema['x-kubernetes-list-type'] === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
}

/** Whether two items of a list are the same one by the list's map keys. */
export function hasSameKeys(a: Json, b: Json, keys: readonly string[]): boolean {
  return (
    isObject(a) &&
    isObject(b) &&
    keys.every((key) => sameJson((a as JsonObject)[key], (b as JsonObject)[key]))
  );
}
