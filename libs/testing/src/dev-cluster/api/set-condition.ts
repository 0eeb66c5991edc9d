import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

/**
 * The status with one condition set. `lastTransitionTime` moves only when the condition's status does.
 *
 * @param condition needs `type`, `status` and the `lastTransitionTime` to use for a change
 */
export function setCondition(status: JsonObject, condition: JsonObject): JsonObject {
  const conditions: Json[] = Array.isArray(status['conditions']) ? [...status['conditions']] : [];
  const at = conditions.findIndex((c) => isObject(c) && c['type'] === condition['type']);
  const before = conditions[at];
  const isSame = isObject(before) && before['status'] === condition['status'];
  const next = isSame ? { ...condition, lastTransitionTime: before['lastTransitionTime'] } : condition;
  if (at === -1) conditions.push(next);
  else conditions[at] = next;
  return { ...status, conditions };
}
