import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

/** A pod spec with the defaults that the API gives it, alone or in a template. */
export function withPodSpecDefaults(podSpec: JsonObject): JsonObject {
  const spec: JsonObject = { ...podSpec };
  spec['restartPolicy'] ??= 'Always';
  spec['dnsPolicy'] ??= 'ClusterFirst';
  spec['terminationGracePeriodSeconds'] ??= 30;
  spec['schedulerName'] ??= 'default-scheduler';
  spec['securityContext'] ??= {};
  for (const field of ['initContainers', 'containers']) {
    const containers = spec[field];
    if (Array.isArray(containers))
      spec[field] = containers.map((c) => (isObject(c) ? withContainerDefaults(c) : c));
  }
  return spec;
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
