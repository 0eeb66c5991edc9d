import type { Cause } from '../object/api-error.js';
import type { ApiObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineBuiltin } from './define-resource.js';

/** Services are stored and served; no address is given to them and nothing forwards to their pods. */
export const SERVICES = defineBuiltin(
  'core.Service',
  { group: '', plural: 'services', kind: 'Service', namespaced: true },
  {
    shortNames: ['svc'],
    categories: ['all'],
    hasStatus: true,
    nameRule: 'label',
    selectableFields: ['spec.clusterIP', 'spec.type'],
    returnsDeletedObject: true,
    initialStatus: () => ({ loadBalancer: {} }),
    setDefaults: (service) => {
      const spec = { ...service.spec };
      if (spec['type'] === 'ExternalName') delete spec['internalTrafficPolicy'];
      else {
        spec['ipFamilies'] ??= ['IPv4'];
        spec['ipFamilyPolicy'] ??= 'SingleStack';
        if (spec['clusterIP']) spec['clusterIPs'] ??= [spec['clusterIP']];
      }
      if (Array.isArray(spec['ports'])) {
        spec['ports'] = spec['ports'].map((port) =>
          isObject(port) && !port['targetPort'] ? { ...port, targetPort: port['port'] } : port,
        );
      }
      service.spec = spec;
    },
    validate: validateService,
  },
);

function validateService({ spec = {} }: ApiObject): Cause[] {
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : [];
  const needsPorts = spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName';
  if (needsPorts && ports.length === 0)
    return [{ field: 'spec.ports', reason: 'FieldValueRequired', message: 'Required value' }];
  const causes: Cause[] = [];
  const names = new Set<string>();
  for (const [i, { name }] of ports.entries()) {
    const field = `spec.ports[${i}].name`;
    if (ports.length > 1 && !name)
      causes.push({ field, reason: 'FieldValueRequired', message: 'Required value' });
    if (typeof name !== 'string') continue;
    if (names.has(name))
      causes.push({
        field,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(name)}`,
      });
    names.add(name);
  }
  return causes;
}
