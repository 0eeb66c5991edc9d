import type { ApiObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { BUILTIN_COLUMNS } from './builtin-columns.js';
import { defineResource } from './define-resource.js';
import { withPodSpecDefaults } from './pod-defaults.js';
import { POD_SCHEMA } from './pod-schema.js';
import { ResourceSchema } from './resource-schema.js';
import { validatePod } from './validate-pod.js';

export const PODS = defineResource(
  { group: '', plural: 'pods', kind: 'Pod', namespaced: true },
  {
    versions: [{ name: 'v1', columns: BUILTIN_COLUMNS['pods'], schema: new ResourceSchema(POD_SCHEMA) }],
    shortNames: ['po'],
    categories: ['all'],
    hasStatus: true,
    hasGeneration: true,
    returnsDeletedObject: true,
    selectableFields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
    subresources: [
      { name: 'binding', kind: 'Binding', verbs: ['create'] },
      { name: 'eviction', kind: 'Eviction', verbs: ['create'] },
      { name: 'log', kind: 'Pod', verbs: ['get'] },
    ],
    setDefaults,
    validate: validatePod,
    initialStatus: (pod) => ({ phase: 'Pending', qosClass: qosClass(pod) }),
  },
);

function setDefaults(pod: ApiObject): void {
  pod.spec = { enableServiceLinks: true, ...withPodSpecDefaults(pod.spec ?? {}) };
}

function qosClass(pod: ApiObject): string {
  const containers = pod.spec?.['containers'];
  const usesResources =
    Array.isArray(containers) &&
    containers.some((c) => {
      const resources = isObject(c) && isObject(c['resources']) ? c['resources'] : {};
      const { limits, requests } = resources;
      return [limits, requests].some((r) => isObject(r) && ('cpu' in r || 'memory' in r));
    });
  return usesResources ? 'Burstable' : 'BestEffort';
}
