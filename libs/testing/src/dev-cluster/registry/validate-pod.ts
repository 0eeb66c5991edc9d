import type { Cause } from '../object/api-error.js';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { changeCauses, gateNames } from './pod-changes.js';
import { resourceCauses } from './pod-resources.js';

/** The rules of core/v1 pods beyond their schema: names, mounts, resources, gates, and what may change after creation. */
export function validatePod(pod: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = pod.spec ?? {};
  const causes = [...duplicateNames(spec), ...containerCauses(spec)];
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

/** Containers and init containers share one set of names. */
function duplicateNames(spec: JsonObject): Cause[] {
  const seen = new Set<string>();
  return ['initContainers', 'containers'].flatMap((list) =>
    objects(spec[list]).flatMap((container, i): Cause[] => {
      const name = String(container['name']);
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const message = `Duplicate value: ${JSON.stringify(name)}`;
      return [{ field: `spec.${list}[${i}].name`, reason: 'FieldValueDuplicate', message }];
    }),
  );
}

function containerCauses(spec: JsonObject): Cause[] {
  const volumes = new Set(objects(spec['volumes']).map((volume) => volume['name']));
  return ['initContainers', 'containers'].flatMap((list) =>
    objects(spec[list]).flatMap((container, i) => {
      const path = `spec.${list}[${i}]`;
      const lost = objects(container['volumeMounts']).flatMap(({ name }, at): Cause[] => {
        if (volumes.has(name)) return [];
        const message = `Not found: ${JSON.stringify(name)}`;
        return [{ field: `${path}.volumeMounts[${at}].name`, reason: 'FieldValueNotFound', message }];
      });
      return [...resourceCauses(container, path), ...lost];
    }),
  );
}

const objects = (list: Json | undefined): JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);
