import type { ApiObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineBuiltin } from './define-resource.js';
import { withPodSpecDefaults } from './pod-defaults.js';
import { validatePod } from './validate-pod.js';

export const PODS = defineBuiltin(
  'core.Pod',
  { group: '', plural: 'pods', kind: 'Pod', namespaced: true },
  {
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
      { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
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
