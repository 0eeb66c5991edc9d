import type { Cause } from '../object/api-error.js';
import type { Json } from '../object/api-object.js';
import { valueAt } from '../object/json.js';

/** A volume claim has to say how much it wants. `path` leads to its spec. */
export function storageCauses(spec: Json | undefined, path: string): Cause[] {
  if (valueAt(spec, ['resources', 'requests', 'storage']) !== undefined) return [];
  return [{ field: `${path}.resources[storage]`, reason: 'FieldValueRequired', message: 'Required value' }];
}
