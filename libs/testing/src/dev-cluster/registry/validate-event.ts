import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

/** An Event lives where the object lives that it is about, and in the default namespace if that lives in none. */
export function validateEvent({ metadata, ...event }: ApiObject): Cause[] {
  const involved = isObject(event['involvedObject']) ? event['involvedObject'] : {};
  const namespace = involved['namespace'] || 'default';
  if (namespace === metadata.namespace) return [];
  const value = JSON.stringify(involved['namespace'] ?? '');
  return [
    {
      field: 'involvedObject.namespace',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${value}: does not match event.namespace`,
    },
  ];
}
