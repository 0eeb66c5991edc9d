import type { ApiObject, JsonObject } from '../object/api-object.js';
import { isObject, valueAt } from '../object/json.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ContainerConfigError } from './container-config-error.js';
import { expandVariables } from './expand-variables.js';
import { podField } from './pod-field.js';
import { podResource } from './pod-resource.js';
import { type ContainerSpec, listOf } from './pod-spec.js';
import type { MountedFolder } from './pod-volumes.js';
import { referencedData } from './referenced-data.js';
import { replaceMounts } from './replace-mounts.js';

/** Taken over from the dev cluster's own environment; nothing else leaks into pods. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];

/**
 * The environment of a container: POD_IP, POD_NAME, POD_NAMESPACE and HOSTNAME always, then `envFrom`, then `env`
 * with field, config map and secret references resolved, `$(NAME)` expanded, and mount paths replaced by the folders
 * that are mounted there.
 *
 * @throws ContainerConfigError naming the reference that cannot be resolved
 */
export function containerEnvironment(
  pod: ApiObject,
  container: ContainerSpec,
  podIp: string,
  store: ObjectStore,
  mounts: readonly MountedFolder[],
): Record<string, string> {
  const { name, namespace = '' } = pod.metadata;
  const variables: Record<string, string> = {
    POD_IP: podIp,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    HOSTNAME: name,
  };
  for (const key of INHERITED) if (process.env[key] !== undefined) variables[key] = process.env[key];
  for (const source of listOf(container['envFrom'])) {
    const prefix = String(source['prefix'] ?? '');
    for (const kind of ['configMap', 'secret'] as const) {
      const reference = source[`${kind}Ref`];
      if (!isObject(reference)) continue;
      const data = referencedData(store, kind, namespace, reference);
      for (const [key, value] of Object.entries(data ?? {}))
        variables[prefix + key] = replaceMounts(value.toString(), mounts);
    }
  }
  for (const entry of listOf(container['env'])) {
    const value = isObject(entry['valueFrom'])
      ? fromReference(pod, container, entry['valueFrom'], podIp, store)
      : expandVariables(String(entry['value'] ?? ''), variables);
    if (value !== undefined) variables[String(entry['name'])] = replaceMounts(value, mounts);
  }
  return variables;
}

function fromReference(
  pod: ApiObject,
  container: ContainerSpec,
  from: JsonObject,
  podIp: string,
  store: ObjectStore,
): string | undefined {
  const field = valueAt(from, ['fieldRef', 'fieldPath']);
  if (typeof field === 'string') return podField(pod, field, podIp);
  const resource = from['resourceFieldRef'];
  if (isObject(resource)) return podResource(pod, resource, store, container.name);
  for (const kind of ['configMap', 'secret'] as const) {
    const reference = from[`${kind}KeyRef`];
    if (!isObject(reference)) continue;
    const value = referencedData(store, kind, pod.metadata.namespace ?? '', reference)?.[
      String(reference['key'])
    ];
    if (value === undefined && reference['optional'] !== true) {
      throw new ContainerConfigError(
        `couldn't find key ${String(reference['key'])} in ${kind} ${String(reference['name'])}`,
      );
    }
    return value?.toString();
  }
  throw new ContainerConfigError(
    `valueFrom with ${Object.keys(from).join(', ')} is not supported by the simulated kubelet`,
  );
}
