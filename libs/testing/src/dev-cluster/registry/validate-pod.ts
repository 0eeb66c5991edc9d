import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { changeCauses, gateNames } from './pod-changes.js';
import { podSpecCauses } from './pod-spec-causes.js';

/** The rules of core/v1 pods beyond their schema: names, mounts, resources, gates, and what may change after creation. */
export function validatePod(pod: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = pod.spec ?? {};
  const causes = podSpecCauses(spec, 'spec');
  if (Array.isArray(spec['containers']) && spec['containers'].length === 0) {
    causes.push({ field: 'spec.containers', reason: 'FieldValueRequired', message: 'Required value' });
  }
  if (old) return [...causes, ...changeCauses(spec, old.spec ?? {})];
  if (spec['nodeName'] && gateNames(spec).length > 0) {
    const message = 'Forbidden: cannot be set until all schedulingGates have been cleared';
    causes.push({ field: 'spec.nodeName', reason: 'FieldValueForbidden', message });
  }
  return causes;
}
