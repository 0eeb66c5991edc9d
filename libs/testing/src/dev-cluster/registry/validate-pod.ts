import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';

/** The rules of core/v1 pods beyond their schema: names that differ, and what may change after creation. */
export function validatePod(pod: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = pod.spec ?? {};
  const causes = duplicateNames(spec);
  if (Array.isArray(spec['containers']) && spec['containers'].length === 0) {
    causes.push({ field: 'spec.containers', reason: 'FieldValueRequired', message: 'Required value' });
  }
  return old ? [...causes, ...changeCauses(spec, old.spec ?? {})] : causes;
}

/** Containers and init containers share one set of names. */
function duplicateNames(spec: JsonObject): Cause[] {
  const seen = new Set<string>();
  return ['initContainers', 'containers'].flatMap((list) =>
    names(spec[list]).flatMap((name, i): Cause[] => {
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const message = `Duplicate value: ${JSON.stringify(name)}`;
      return [{ field: `spec.${list}[${i}].name`, reason: 'FieldValueDuplicate', message }];
    }),
  );
}

/** A pod's spec is fixed but for images, a shorter deadline, more tolerations, fewer scheduling gates, and a first node. */
function changeCauses(spec: JsonObject, old: JsonObject): Cause[] {
  const gatesBefore = names(old['schedulingGates']);
  if (!names(spec['schedulingGates']).every((gate) => gatesBefore.includes(gate))) {
    return [
      {
        field: 'spec.schedulingGates',
        reason: 'FieldValueForbidden',
        message: 'Forbidden: only deletion is allowed, but found new scheduling gates',
      },
    ];
  }
  return sameJson(fixedPart(spec, gatesBefore.length > 0), fixedPart(old, gatesBefore.length > 0))
    ? []
    : [
        {
          field: 'spec',
          reason: 'FieldValueForbidden',
          message:
            'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
            '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
            '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
        },
      ];
}

const names = (list: Json | undefined): string[] =>
  Array.isArray(list) ? list.map((item) => (isObject(item) ? String(item['name']) : '')) : [];

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
  // While gates hold the pod, where it may run can still be narrowed.
  if (isGated) {
    delete rest['nodeSelector'];
    delete rest['affinity'];
  }
  return rest;
}
