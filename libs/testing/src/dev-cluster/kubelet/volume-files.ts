import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ContainerConfigError } from './container-config-error.js';
import { podField } from './pod-field.js';
import { podResource } from './pod-resource.js';
import { listOf } from './pod-spec.js';
import { referencedData } from './referenced-data.js';

/** What the files of a pod's volumes are made from. */
export interface VolumeSources {
  readonly pod: ApiObject;
  readonly podIp: string;
  readonly store: ObjectStore;
}

/** Files by their path in the volume. */
export type VolumeFiles = ReadonlyMap<string, Buffer>;

/**
 * The files of a volume that the API fills: `configMap`, `secret`, `downwardAPI`, or `projected` from those. Tokens of
 * service accounts are left out, as nobody here asks for one.
 *
 * @returns undefined for other kinds of volumes
 * @throws ContainerConfigError naming what it refers to and cannot have
 */
export function volumeFiles(volume: JsonObject, sources: VolumeSources): VolumeFiles | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (isObject(projected)) {
    return new Map(listOf(projected['sources']).flatMap((part) => [...(volumeFiles(part, sources) ?? [])]));
  }
  if (isObject(downwardAPI)) return downwardFiles(downwardAPI, sources);
  if (isObject(configMap)) return dataFiles('configMap', configMap, sources);
  // In a volume of its own a secret is named otherwise than in a projected one.
  if (isObject(secret))
    return dataFiles('secret', { ...secret, name: secret['secretName'] ?? secret['name'] }, sources);
  return undefined;
}

function downwardFiles(volume: JsonObject, { pod, podIp, store }: VolumeSources): VolumeFiles {
  return new Map(
    listOf(volume['items']).map((item) => {
      const path = String(item['path']);
      const field = valueAt(item, ['fieldRef', 'fieldPath']);
      const resource = item['resourceFieldRef'];
      if (typeof field !== 'string' && !isObject(resource)) {
        throw new ContainerConfigError(`downwardAPI item ${path} has no fieldRef and no resourceFieldRef`);
      }
      const text = isObject(resource)
        ? podResource(pod, resource, store)
        : podField(pod, String(field), podIp);
      return [path, Buffer.from(text)] as const;
    }),
  );
}

function dataFiles(
  kind: 'configMap' | 'secret',
  volume: JsonObject,
  { pod, store }: VolumeSources,
): VolumeFiles {
  const data = referencedData(store, kind, pod.metadata.namespace ?? '', volume) ?? {};
  if (!Array.isArray(volume['items'])) return new Map(Object.entries(data));
  return new Map(
    listOf(volume['items']).flatMap((item) => {
      const key = String(item['key']);
      const content = data[key];
      if (content) return [[String(item['path']), content] as const];
      if (volume['optional'] === true) return [];
      throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${String(volume['name'])}`);
    }),
  );
}
