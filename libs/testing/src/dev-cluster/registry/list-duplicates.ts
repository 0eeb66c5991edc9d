import type { Cause } from '../object/api-error.js';
import type { Json } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';
import { hasSameKeys, mapKeysOf, schemaChildren } from './schema-children.js';
import type { StructuralSchema } from './structural-schema.js';

/** Items that are in a list of type `set` or `map` twice, at the place of the second. */
export function listDuplicates(value: Json, schema: StructuralSchema, path = ''): Cause[] {
  const own = Array.isArray(value) ? duplicatesIn(value, schema, path) : [];
  const below = schemaChildren(value, schema, undefined).flatMap((child) => {
    const step =
      child.kind === 'field' ? (path ? `${path}.${child.key}` : String(child.key)) : `${path}[${child.key}]`;
    return listDuplicates(child.value, child.schema, step);
  });
  return [...own, ...below];
}

function duplicatesIn(list: readonly Json[], schema: StructuralSchema, path: string): Cause[] {
  const keys = mapKeysOf(schema);
  const isSet = schema['x-kubernetes-list-type'] === 'set';
  if (!keys && !isSet) return [];
  return list.flatMap((item, i): Cause[] => {
    const first = list.findIndex((other) => (keys ? hasSameKeys(other, item, keys) : sameJson(other, item)));
    if (first === -1 || first === i) return [];
    const shown = keys && isObject(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item;
    return [
      {
        field: `${path}[${i}]`,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(shown)}`,
      },
    ];
  });
}
