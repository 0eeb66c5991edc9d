import type { Cause } from '../object/api-error.js';
import { isObject } from '../object/json.js';
import { defineResource } from './define-resource.js';

/** Services are stored and served; no address is given to them and nothing forwards to their pods. */
export const SERVICES = defineResource(
  { group: '', plural: 'services', kind: 'Service', namespaced: true },
  {
    shortNames: ['svc'],
    hasStatus: true,
    nameRule: 'label',
    returnsDeletedObject: true,
    initialStatus: () => ({ loadBalancer: {} }),
    setDefaults: (service) => {
      const spec = { ...service.spec };
      spec['type'] ??= 'ClusterIP';
      spec['sessionAffinity'] ??= 'None';
      if (Array.isArray(spec['ports'])) {
        spec['ports'] = spec['ports'].map((port) =>
          isObject(port) ? { protocol: 'TCP', targetPort: port['port'], ...port } : port,
        );
      }
      service.spec = spec;
    },
    validate: (service): Cause[] => {
      const ports = service.spec?.['ports'];
      const needsPorts = service.spec?.['clusterIP'] !== 'None' && service.spec?.['type'] !== 'ExternalName';
      return needsPorts && (!Array.isArray(ports) || ports.length === 0)
        ? [{ field: 'spec.ports', reason: 'FieldValueRequired', message: 'Required value' }]
        : [];
    },
  },
);
