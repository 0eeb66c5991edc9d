import { isObject } from '../object/json.js';
import type { StructuralSchema } from './structural-schema.js';

type JsonSchema = Record<string, unknown>;

const NOT_VALIDATING = new Set(['default', 'description', 'example', 'externalDocs', 'title', 'nullable']);
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', 'definitions']);
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf']);

/** A structural schema in the dialect a JSON Schema validator understands. */
export function toJsonSchema(schema: StructuralSchema, isRoot = false): JsonSchema {
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (NOT_VALIDATING.has(keyword) || keyword.startsWith('x-kubernetes-')) continue;
    result[keyword] = convertKeyword(keyword, value);
  }
  convertBound(result, 'minimum', 'exclusiveMinimum');
  convertBound(result, 'maximum', 'exclusiveMaximum');
  if (schema['x-kubernetes-int-or-string']) {
    delete result['type'];
    delete result['anyOf'];
    result['type'] = ['integer', 'string'];
  }
  if (isRoot && isObject(result['properties'])) {
    // metadata is checked by the API itself; the schema may only restrict name and generateName.
    result['properties'] = { ...result['properties'], metadata: { type: 'object' } };
  }
  return schema.nullable ? orNull(result) : result;
}

/** Widened rather than wrapped in `anyOf`, which would report every other finding twice. */
function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [{ type: 'null' }, schema] };
  const types = Array.isArray(type) ? (type as unknown[]) : [type];
  return {
    ...schema,
    type: [...types, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

function convertKeyword(keyword: string, value: unknown): unknown {
  if (SCHEMA_MAPS.has(keyword)) {
    return Object.fromEntries(
      Object.entries(value as Record<string, StructuralSchema>).map(([k, v]) => [k, toJsonSchema(v)]),
    );
  }
  if (SCHEMA_LISTS.has(keyword)) return (value as StructuralSchema[]).map((v) => toJsonSchema(v));
  const isSchema = keyword === 'items' || keyword === 'not' || keyword === 'additionalProperties';
  return isSchema && isObject(value) ? toJsonSchema(value as StructuralSchema) : value;
}

/** OpenAPI v3.0 writes `exclusiveMinimum: true` beside the bound; JSON Schema writes the bound itself. */
function convertBound(schema: JsonSchema, bound: string, exclusive: string): void {
  if (typeof schema[exclusive] !== 'boolean') return;
  if (schema[exclusive]) {
    schema[exclusive] = schema[bound];
    delete schema[bound];
  } else delete schema[exclusive];
}
