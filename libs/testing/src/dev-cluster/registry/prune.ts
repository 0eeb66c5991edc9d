import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { StructuralSchema } from './structural-schema.js';

const EMBEDDED_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Removes, in place, every field the schema does not name. @returns dotted paths of what went */
export function prune(value: Json | undefined, schema: StructuralSchema, isRoot = true, path = ''): string[] {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items ? value.flatMap((item, i) => prune(item, items, false, `${path}[${i}]`)) : [];
  }
  if (!isObject(value)) return [];
  const keepsMeta = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  return Object.keys(value).flatMap((key) => pruneField(value, key, schema, keepsMeta, path));
}

function pruneField(
  object: JsonObject,
  key: string,
  schema: StructuralSchema,
  keepsMeta: boolean,
  path: string,
): string[] {
  const fieldPath = path ? `${path}.${key}` : key;
  if (keepsMeta && EMBEDDED_FIELDS.has(key)) return [];
  const property = schema.properties?.[key];
  if (property) return prune(object[key], property, false, fieldPath);
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') return prune(object[key], rest, false, fieldPath);
  if (rest === true || schema['x-kubernetes-preserve-unknown-fields']) return [];
  delete object[key];
  return [fieldPath];
}
