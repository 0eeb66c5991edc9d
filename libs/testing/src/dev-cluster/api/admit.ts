import { ApiError } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { metadataCauses } from '../object/metadata-causes.js';
import { refuse } from '../object/refusals.js';
import { DecodeError } from '../registry/types/decode.js';
import type { Target, WriteOptions } from './cluster-state.js';

/**
 * Reads a new state as its kind, in place: drops unknown fields and fills in defaults.
 *
 * @throws ApiError 400 for a value of the wrong type and, when the client is strict, for unknown fields; 422 for a
 *   patch that leads to such a state
 */
export function readAsKind(target: Target, object: ApiObject, options: WriteOptions): void {
  const { validation, warn, problems: found = [] } = options;
  const unknown = readFields(target, object, options);
  const problems = [...found, ...unknown.map((path) => `unknown field "${path}"`)];
  if (validation === 'Strict' && problems.length > 0) {
    throw unreadable(target, object, options, `strict decoding error: ${problems.join(', ')}`);
  }
  if (validation !== 'Ignore') for (const problem of problems) warn?.(problem);
  target.resource.setDefaults?.(object);
}

function readFields(target: Target, object: ApiObject, options: WriteOptions): string[] {
  try {
    return target.version.schema?.normalize(object) ?? [];
  } catch (error) {
    if (error instanceof DecodeError) throw unreadable(target, object, options, error.message);
    throw error;
  }
}

function unreadable(
  { resource, version }: Target,
  object: ApiObject,
  { isPatch }: WriteOptions,
  why: string,
): ApiError {
  if (!isPatch)
    return refuse.badRequest(
      `${resource.kind} in version "${version.name}" cannot be handled as a ${resource.kind}: ${why}`,
    );
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${why}`;
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ field: 'patch', reason: 'FieldValueInvalid', message }],
  });
}

/** @throws ApiError 422 naming every field that is wrong */
export function validateObject(target: Target, object: ApiObject, old: ApiObject | undefined): void {
  const { resource, version } = target;
  const causes = [
    ...metadataCauses(object),
    ...(version.schema?.validate(object, old) ?? []),
    ...(resource.validate?.(object, old) ?? []),
  ];
  if (causes.length > 0) throw refuse.invalid(resource, object.metadata.name, causes);
}
