import type { ApiObject, Json } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { items } from './columns/column.js';
import { defineBuiltin } from './define-resource.js';
import { gateCondition } from './gate-condition.js';
import { withPodSpecDefaults, withRequestsOfLimits } from './pod-defaults.js';
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
    initialStatus: (pod) => ({ phase: 'Pending', qosClass: qosClass(pod), ...gateCondition(pod) }),
  },
);

function setDefaults(pod: ApiObject): void {
  pod.spec = { enableServiceLinks: true, ...withRequestsOfLimits(withPodSpecDefaults(pod.spec ?? {})) };
}

/** How a pod is treated when its node runs short: by whether its containers have all, some or no limits. */
function qosClass(pod: ApiObject): string {
  const containers = ['containers', 'initContainers'].flatMap((list) => items(pod.spec?.[list]));
  const amounts = containers.map((container): [string | undefined, string | undefined][] => {
    const { limits, requests } = isObject(container['resources']) ? container['resources'] : {};
    return ['cpu', 'memory'].map((name) => [amount(requests, name), amount(limits, name)]);
  });
  if (amounts.flat(2).every((value) => value === undefined)) return 'BestEffort';
  const isGuaranteed = amounts.flat().every(([request, limit]) => limit !== undefined && request === limit);
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Nothing is the same as not saying anything. */
function amount(resources: Json | undefined, name: string): string | undefined {
  const value = isObject(resources) ? resources[name] : undefined;
  return value === undefined || value === '0' ? undefined : String(value);
}
