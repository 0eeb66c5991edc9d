import { z } from 'zod';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** Keywords that JSON Schema has and the structural schemas of apiextensions.k8s.io/v1 refuse. */
const REFUSED = new Set(['$schema', '$id', '$ref', 'id', 'propertyNames', 'const', 'title', 'examples']);

/**
 * A zod schema as the structural OpenAPI v3 schema of a CustomResourceDefinition.
 *
 * Loose objects keep unknown fields (`x-kubernetes-preserve-unknown-fields`), plain ones are pruned by the
 * API server. What a structural schema cannot say (key patterns of maps, refinements without a CEL rule) is
 * left to zod. Extra keywords come from `.meta()`.
 */
export function structuralSchema(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', reused: 'inline', cycles: 'throw' });
  return convert(json as unknown as JsonObject);
}

function convert(schema: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (REFUSED.has(key)) continue;
    // Rules are CEL text for the API server, not schemas.
    out[key] = key.startsWith('x-kubernetes-') ? value : convertKeyword(key, value);
  }
  if ('const' in schema) out['enum'] = [schema['const'] as Json];
  dropSafeIntegerBounds(out);
  if (out['type'] === 'object') markOpenObject(out);
  return out;
}

function convertKeyword(key: string, value: Json): Json {
  if (key === 'properties') {
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([name, property]) => [name, convert(property as JsonObject)]),
    );
  }
  if ((key === 'items' || key === 'additionalProperties') && isObject(value)) return convert(value);
  if (key === 'anyOf' || key === 'oneOf' || key === 'allOf') {
    throw new Error(`${key} has no structural form: describe the field as an object and refine it in zod`);
  }
  return value;
}

/** zod bounds every integer to ±2^53; the API server's integers are int64 anyway. */
function dropSafeIntegerBounds(out: JsonObject): void {
  if (out['minimum'] === Number.MIN_SAFE_INTEGER) delete out['minimum'];
  if (out['maximum'] === Number.MAX_SAFE_INTEGER) delete out['maximum'];
}

/** `additionalProperties: {}` is how JSON Schema says "anything else too". */
function markOpenObject(out: JsonObject): void {
  const extra = out['additionalProperties'];
  if (extra === true || (isObject(extra) && Object.keys(extra).length === 0)) {
    delete out['additionalProperties'];
    out['x-kubernetes-preserve-unknown-fields'] = true;
  } else if (extra === false) {
    delete out['additionalProperties'];
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
