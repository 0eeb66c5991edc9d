import type { Json, JsonObject } from '../../object/api-object.js';
import type { ObjectType, Scalar, ValueType } from './object-type.js';

const SCALAR_SCHEMAS: Readonly<Record<Scalar, JsonObject>> = {
  string: { type: 'string' },
  Label: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  Time: { type: 'string', format: 'date-time' },
  MicroTime: { type: 'string', format: 'date-time' },
  Duration: { type: 'string' },
  Quantity: { type: 'string' },
  IntOrString: { type: 'string', format: 'int-or-string' },
  any: { type: 'object' },
};

/**
 * A type and all types within it as OpenAPI v3 schemas.
 *
 * @param into takes the schemas by their names
 * @returns the name of the type's schema
 */
export function describeType(type: ObjectType, into: JsonObject): string {
  const name = `dev.cluster.${type.name}`;
  if (into[name] !== undefined) return name;
  const properties: JsonObject = {};
  const schema: JsonObject = { type: 'object', properties };
  // Known before it is complete: a type may hold itself.
  into[name] = schema;
  const required: string[] = [];
  for (const field of type.fields.values()) {
    properties[field.name] = {
      ...describeValue(field.value, into),
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.listKeys?.length ? { 'x-kubernetes-list-map-keys': [...field.listKeys] } : {}),
    };
    if (field.isRequired) required.push(field.name);
  }
  if (required.length > 0) schema['required'] = required;
  return name;
}

function describeValue(value: ValueType, into: JsonObject): JsonObject {
  if (value.kind === 'object') {
    return { allOf: [{ $ref: `#/components/schemas/${describeType(value.type(), into)}` }] };
  }
  if (value.kind === 'list') return { type: 'array', items: describeValue(value.of, into) };
  if (value.kind === 'map') return { type: 'object', additionalProperties: describeValue(value.of, into) };
  const { scalar, oneOf, minimum, maximum } = value;
  const limits: Record<string, Json> = {};
  if (oneOf) limits['enum'] = [...oneOf];
  if (minimum !== undefined) limits['minimum'] = minimum;
  if (maximum !== undefined) limits['maximum'] = maximum;
  return { ...SCALAR_SCHEMAS[scalar], ...limits };
}
