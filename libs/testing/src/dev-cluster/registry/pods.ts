import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { BUILTIN_COLUMNS } from './builtin-columns.js';
import { defineResource } from './define-resource.js';
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

/** The defaults of core/v1 (pkg/apis/core/v1/defaults.go) that something here or a client reads. */
function setDefaults(pod: ApiObject): void {
  const spec: JsonObject = { ...pod.spec };
  spec['restartPolicy'] ??= 'Always';
  spec['dnsPolicy'] ??= 'ClusterFirst';
  spec['terminationGracePeriodSeconds'] ??= 30;
  spec['schedulerName'] ??= 'default-scheduler';
  spec['enableServiceLinks'] ??= true;
  spec['securityContext'] ??= {};
  for (const field of ['initContainers', 'containers']) {
    const containers = spec[field];
    if (Array.isArray(containers))
      spec[field] = containers.map((c) => (isObject(c) ? withContainerDefaults(c) : c));
  }
  pod.spec = spec;
}

function withContainerDefaults(container: JsonObject): JsonObject {
  const result: JsonObject = {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: /:(?!latest$)[^/]+$/.test(String(container['image'])) ? 'IfNotPresent' : 'Always',
    resources: {},
    ...container,
  };
  if (Array.isArray(result['ports'])) {
    result['ports'] = result['ports'].map((port) => (isObject(port) ? { protocol: 'TCP', ...port } : port));
  }
  const { limits, requests } = isObject(result['resources']) ? result['resources'] : {};
  if (isObject(limits)) {
    result['resources'] = { limits, requests: { ...limits, ...(isObject(requests) ? requests : {}) } };
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = result[name];
    if (!isObject(probe)) continue;
    const http = isObject(probe['httpGet'])
      ? { httpGet: { path: '/', scheme: 'HTTP', ...probe['httpGet'] } }
      : {};
    result[name] = {
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
      ...probe,
      ...http,
    };
  }
  return result;
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
