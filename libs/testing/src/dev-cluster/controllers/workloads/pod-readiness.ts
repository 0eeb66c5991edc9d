import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';

/** Neither ended nor being deleted. */
export function isActive({ status, metadata }: ApiObject): boolean {
  return !['Succeeded', 'Failed'].includes(String(status?.['phase'])) && !metadata.deletionTimestamp;
}

export function isPodReady(pod: ApiObject): boolean {
  return readyCondition(pod)?.['status'] === 'True';
}

/** When the pod last became ready, in milliseconds; undefined when it is not. */
export function readySinceMs(pod: ApiObject): number | undefined {
  const condition = readyCondition(pod);
  return condition?.['status'] === 'True' ? Date.parse(String(condition['lastTransitionTime'])) : undefined;
}

/** How long until a ready pod has been ready for `minReadySeconds`: 0 when it has, undefined when it is not ready. */
export function untilAvailableMs(pod: ApiObject, minReadySeconds: number, nowMs: number): number | undefined {
  const sinceMs = readySinceMs(pod);
  return sinceMs === undefined ? undefined : Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs);
}

function readyCondition({ status }: ApiObject): JsonObject | undefined {
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  return conditions.filter(isObject).find((c) => c['type'] === 'Ready');
}
