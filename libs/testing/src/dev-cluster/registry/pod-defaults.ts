import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

/** A pod spec with the defaults that depend on its other fields, alone or in a template. */
export function withPodSpecDefaults(podSpec: JsonObject): JsonObject {
  const spec: JsonObject = { ...podSpec };
  for (const field of ['initContainers', 'containers']) {
    const containers = spec[field];
    if (Array.isArray(containers))
      spec[field] = containers.map((c) => (isObject(c) ? withContainerDefaults(c) : c));
  }
  if (Array.isArray(spec['volumes'])) {
    // A volume that says nothing of its source is an empty folder.
    spec['volumes'] = spec['volumes'].map((volume) =>
      isObject(volume) && Object.keys(volume).length === 1 ? { ...volume, emptyDir: {} } : volume,
    );
  }
  // Two names of one thing.
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  return account ? { ...spec, serviceAccountName: account, serviceAccount: account } : spec;
}

function withContainerDefaults(container: JsonObject): JsonObject {
  const result: JsonObject = {
    ...container,
    imagePullPolicy: container['imagePullPolicy'] ?? pullPolicy(String(container['image'])),
  };
  const { limits, requests, ...others } = isObject(result['resources']) ? result['resources'] : {};
  if (isObject(limits)) {
    result['resources'] = {
      ...others,
      limits,
      requests: { ...limits, ...(isObject(requests) ? requests : {}) },
    };
  }
  return result;
}

/** An image that is named by anything but the moving tag `latest` need not be looked up again. */
function pullPolicy(image: string): string {
  return image.includes('@') || /:(?!latest$)[^/]+$/.test(image) ? 'IfNotPresent' : 'Always';
}
