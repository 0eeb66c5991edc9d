import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, sameJson } from '../object/json.js';

const required = (field: string): Cause => ({
  field,
  reason: 'FieldValueRequired',
  message: 'Required value',
});

/** The rules of core/v1 pods that matter here: what must be there, and what may change after creation. */
export function validatePod(pod: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = pod.spec ?? {};
  const causes = [...containerCauses(spec, 'containers'), ...containerCauses(spec, 'initContainers')];
  if (!Array.isArray(spec['containers']) || spec['containers'].length === 0)
    causes.push(required('spec.containers'));
  if (!['Always', 'OnFailure', 'Never'].includes(String(spec['restartPolicy']))) {
    causes.push({
      field: 'spec.restartPolicy',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(spec['restartPolicy'])}: supported values: "Always", "Never", "OnFailure"`,
    });
  }
  return old ? [...causes, ...changeCauses(spec, old.spec ?? {})] : causes;
}

function containerCauses(spec: JsonObject, list: string): Cause[] {
  const containers = spec[list];
  if (!Array.isArray(containers)) return [];
  const seen = new Set<string>();
  return containers.flatMap((container, i): Cause[] => {
    const field = `spec.${list}[${i}]`;
    if (!isObject(container) || !container['name']) return [required(`${field}.name`)];
    const name = String(container['name']);
    if (seen.has(name)) {
      return [
        {
          field: `${field}.name`,
          reason: 'FieldValueDuplicate',
          message: `Duplicate value: ${JSON.stringify(name)}`,
        },
      ];
    }
    seen.add(name);
    return container['image'] ? [] : [required(`${field}.image`)];
  });
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
