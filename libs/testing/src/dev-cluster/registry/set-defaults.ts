import type { Json } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { StructuralSchema } from './structural-schema.js';

/** Fills in, in place, the schema's defaults. A null that the schema does not allow counts as left out. */
export function setSchemaDefaults(value: Json | undefined, schema: StructuralSchema): void {
  if (Array.isArray(value)) {
    for (const item of value) if (schema.items) setSchemaDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const isUnset = value[key] === undefined || (value[key] === null && !property.nullable);
    if (isUnset && property.default !== undefined) value[key] = structuredClone(property.default);
    if (value[key] !== undefined) setSchemaDefaults(value[key], property);
  }
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') {
    for (const key of Object.keys(value)) if (!schema.properties?.[key]) setSchemaDefaults(value[key], rest);
  }
}
