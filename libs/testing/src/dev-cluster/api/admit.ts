import type { ApiObject } from '../object/api-object.js';
import { metadataCauses } from '../object/parse-object.js';
import { refuse } from '../object/refusals.js';
import type { Target } from './cluster-state.js';

/**
 * Defaults and checks a new state, in place.
 *
 * @param isStrict refuses fields the schema does not know, which are otherwise dropped
 * @throws ApiError 400 for unknown fields, 422 naming every field that is wrong
 */
export function admit(target: Target, object: ApiObject, old: ApiObject | undefined, isStrict = false): void {
  const { resource, version } = target;
  const unknown = version.schema?.normalize(object) ?? [];
  if (isStrict && unknown.length > 0) {
    const list = unknown.map((path) => `unknown field "${path}"`).join(', ');
    throw refuse.badRequest(
      `${resource.kind} in version "${version.name}" cannot be handled: strict decoding error: ${list}`,
    );
  }
  resource.setDefaults?.(object);
  const causes = [
    ...metadataCauses(object),
    ...(resource.validate?.(object, old) ?? []),
    ...(version.schema?.validate(object) ?? []),
  ];
  if (causes.length > 0) throw refuse.invalid(resource, object.metadata.name, causes);
}
