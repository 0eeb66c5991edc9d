import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { sameJson, splitPath, valueAt } from '../object/json.js';

/** What is wrong with a change of fields that stay as they were created. `paths` are dotted. */
export function immutableCauses(
  object: ApiObject,
  old: ApiObject | undefined,
  paths: readonly string[],
): Cause[] {
  if (!old) return [];
  return paths.flatMap((path): Cause[] => {
    const value = valueAt(object, splitPath(path));
    if (sameJson(value, valueAt(old, splitPath(path)))) return [];
    const message = `Invalid value: ${JSON.stringify(value ?? null)}: field is immutable`;
    return [{ field: path, reason: 'FieldValueInvalid', message }];
  });
}
