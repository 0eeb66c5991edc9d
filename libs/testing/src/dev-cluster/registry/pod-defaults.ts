import type { Json, JsonObject } from '../object/api-object.js';
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
  return {
    ...container,
    imagePullPolicy: container['imagePullPolicy'] ?? pullPolicy(String(container['image'])),
  };
}

/** A pod, unlike a template of pods, asks for what it limits itself to when it does not say what it asks for. */
export function withRequestsOfLimits(podSpec: JsonObject): JsonObject {
  const withRequests = (container: Json): Json => {
    if (!isObject(container) || !isObject(container['resources'])) return container;
    const { limits, requests, ...others } = container['resources'];
    if (!isObject(limits)) return container;
    const all = { ...limits, ...(isObject(requests) ? requests : {}) };
    return { ...container, resources: { ...others, limits, requests: all } };
  };
  const lists = ['initContainers', 'containers'].flatMap((field) => {
    const containers = podSpec[field];
    return Array.isArray(containers) ? [[field, containers.map(withRequests)] as const] : [];
  });
  return { ...podSpec, ...Object.fromEntries(lists) };
}

/** An image that is named by anything but the moving tag `latest` need not be looked up again. */
function pullPolicy(image: string): string {
  return image.includes('@') || /:(?!latest$)[^/]+$/.test(image) ? 'IfNotPresent' : 'Always';
}
