import type { ApiObject } from '../object/api-object.js';
import { metadataCauses } from '../object/metadata-causes.js';
import { refuse } from '../object/refusals.js';
import type { Target, WriteOptions } from './cluster-state.js';

/**
 * Reads a new state as its kind, in place: drops unknown fields and fills in defaults.
 *
 * @throws ApiError 400 for a value of the wrong type and, when the client is strict, for unknown fields
 */
export function readAsKind(target: Target, object: ApiObject, { validation, warn }: WriteOptions): void {
  const { resource, version } = target;
  const unknown = version.schema?.normalize(object) ?? [];
  const problems = unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && problems.length > 0) {
    throw refuse.badRequest(
      `${resource.kind} in version "${version.name}" cannot be handled as a ${resource.kind}: strict decoding error: ${problems.join(', ')}`,
    );
  }
  if (validation !== 'Ignore') for (const problem of problems) warn?.(problem);
  resource.setDefaults?.(object);
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
