import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** The keys of a ConfigMap or Secret become file names. */
export function dataKeyCauses(object: ApiObject): Cause[] {
  return ['data', 'binaryData'].flatMap((field) =>
    Object.keys(isObject(object[field]) ? object[field] : {})
      .filter((key) => !KEY.test(key) || key === '.' || key === '..')
      .map((key) => ({
        field: `${field}[${key}]`,
        reason: 'FieldValueInvalid' as const,
        message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
      })),
  );
}
