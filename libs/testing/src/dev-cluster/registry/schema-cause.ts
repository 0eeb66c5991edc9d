import type { ErrorObject } from 'ajv';
import type { Cause } from '../object/api-error.js';

/** `/spec/items/0/name` → `spec.items[0].name`. */
function fieldPath(pointer: string, last?: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (last !== undefined) parts.push(last);
  return parts.reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part),
    '',
  );
}

const typeName = (data: unknown): string =>
  data === null ? 'null' : Array.isArray(data) ? 'array' : typeof data === 'object' ? 'object' : typeof data;

/** A validator's finding in the words of the API server. */
export function schemaCause(error: ErrorObject): Cause {
  const params = error.params as Record<string, unknown>;
  const value = JSON.stringify(error.data);
  if (error.keyword === 'required') {
    const field = fieldPath(error.instancePath, String(params['missingProperty']));
    return { field, reason: 'FieldValueRequired', message: 'Required value' };
  }
  const field = fieldPath(error.instancePath) || '<root>';
  if (error.keyword === 'enum') {
    const supported = (params['allowedValues'] as unknown[]).map((v) => JSON.stringify(v)).join(', ');
    return {
      field,
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${value}: supported values: ${supported}`,
    };
  }
  if (error.keyword === 'type') {
    const got = typeName(error.data);
    const wanted = [params['type']]
      .flat()
      .filter((type) => type !== 'null')
      .join(' or ');
    return {
      field,
      reason: 'FieldValueTypeInvalid',
      message: `Invalid value: "${got}": ${field} in body must be of type ${wanted}: "${got}"`,
    };
  }
  const limit = String(params['limit']);
  if (error.keyword === 'maxLength') {
    const message = `Too long: may not be more than ${limit} bytes`;
    return { field, reason: 'FieldValueTooLong', message };
  }
  if (error.keyword === 'maxItems' || error.keyword === 'maxProperties') {
    const count = Object.keys(error.data as object).length;
    const message = `Too many: ${count}: must have at most ${limit} items`;
    return { field, reason: 'FieldValueTooMany', message };
  }
  return {
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${value}: ${field} in body ${rule(error, params)}`,
  };
}

function rule(error: ErrorObject, params: Record<string, unknown>): string {
  const limit = String(params['limit']);
  const rules: Record<string, string> = {
    minimum: `should be greater than or equal to ${limit}`,
    exclusiveMinimum: `should be greater than ${limit}`,
    maximum: `should be less than or equal to ${limit}`,
    exclusiveMaximum: `should be less than ${limit}`,
    minLength: `should be at least ${limit} chars long`,
    minItems: `should have at least ${limit} items`,
    minProperties: `should have at least ${limit} properties`,
    pattern: `should match '${String(params['pattern'])}'`,
    format: `must be of type ${String(params['format'])}`,
  };
  return rules[error.keyword] ?? error.message ?? 'is invalid';
}
