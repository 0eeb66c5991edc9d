import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const taintsOf = (node: ApiObject): JsonObject[] => objects(node.spec?.['taints']);
export const tolerationsOf = (pod: ApiObject): JsonObject[] => objects(pod.spec?.['tolerations']);

/** Whether a toleration covers a taint (core/v1): an empty key with `Exists` covers all, an empty effect every effect. */
export function tolerates(toleration: JsonObject, taint: JsonObject): boolean {
  const { key, operator, value, effect } = toleration;
  if (effect && effect !== taint['effect']) return false;
  if (key && key !== taint['key']) return false;
  if (operator === 'Exists') return true;
  return Boolean(key) && (!operator || operator === 'Equal') && (value ?? '') === (taint['value'] ?? '');
}

/** The first taint with one of these effects that a pod does not tolerate. */
export function untoleratedTaint(
  pod: ApiObject,
  node: ApiObject,
  effects: readonly TaintEffect[],
): JsonObject | undefined {
  const tolerations = tolerationsOf(pod);
  return taintsOf(node).find(
    (taint) =>
      effects.includes(taint['effect'] as TaintEffect) &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}
