import type { Cause } from '../object/api-error.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';

const ALL_BUT_THESE =
  'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A pod's spec is fixed but for images, a shorter deadline, more tolerations, fewer scheduling gates, and a first node. */
export function changeCauses(spec: JsonObject, old: JsonObject): Cause[] {
  const isGated = gateNames(old).length > 0;
  const causes = [...addedGates(spec, old), ...(isGated ? widenedNodes(spec, old) : [])];
  if (causes.length > 0 || sameJson(fixedPart(spec, isGated), fixedPart(old, isGated))) return causes;
  return [{ field: 'spec', reason: 'FieldValueForbidden', message: ALL_BUT_THESE }];
}

export const gateNames = ({ schedulingGates }: JsonObject): string[] =>
  Array.isArray(schedulingGates)
    ? schedulingGates.map((gate) => (isObject(gate) ? String(gate['name']) : ''))
    : [];

function addedGates(spec: JsonObject, old: JsonObject): Cause[] {
  const before = gateNames(old);
  return gateNames(spec).flatMap((gate, i): Cause[] => {
    if (before.includes(gate)) return [];
    const message = `Forbidden: only deletion is allowed, but found new scheduling gate '${gate}'`;
    return [{ field: `spec.schedulingGates[${i}].name`, reason: 'FieldValueForbidden', message }];
  });
}

/** While gates hold the pod, the nodes it may run on can become fewer, not others. */
function widenedNodes(spec: JsonObject, old: JsonObject): Cause[] {
  const [now, before] = [labels(spec['nodeSelector']), labels(old['nodeSelector'])];
  if (Object.entries(before).every(([key, value]) => now[key] === value)) return [];
  const message = `Invalid value: ${JSON.stringify(now)}: only additions to spec.nodeSelector are allowed (no mutations or deletions)`;
  return [{ field: 'spec.nodeSelector', reason: 'FieldValueInvalid', message }];
}

const labels = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

function fixedPart(spec: JsonObject, isGated: boolean): JsonObject {
  const {
    schedulingGates: _gates,
    tolerations: _tolerations,
    activeDeadlineSeconds: _deadline,
    ...rest
  } = spec;
  for (const list of ['containers', 'initContainers']) {
    const containers = rest[list];
    if (Array.isArray(containers))
      rest[list] = containers.map((c) => (isObject(c) ? { ...c, image: '' } : c));
  }
  if (isGated) {
    delete rest['nodeSelector'];
    delete rest['affinity'];
  }
  return rest;
}
