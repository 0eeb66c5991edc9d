import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';

/** The parts of a container the kubelet works with. */
export interface ContainerSpec extends JsonObject {
  name: string;
  image: string;
}

function containersIn(pod: ApiObject, field: string): ContainerSpec[] {
  const list: Json | undefined = pod.spec?.[field];
  return Array.isArray(list) ? list.filter(isObject).map((c) => c as ContainerSpec) : [];
}

export const containersOf = (pod: ApiObject): ContainerSpec[] => containersIn(pod, 'containers');
export const initContainersOf = (pod: ApiObject): ContainerSpec[] => containersIn(pod, 'initContainers');

export const listOf = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** Every TCP port the pod's containers declare. */
export function containerPorts(pod: ApiObject): number[] {
  return containersOf(pod)
    .flatMap((container) => listOf(container['ports']))
    .filter((port) => (port['protocol'] ?? 'TCP') === 'TCP')
    .map((port) => Number(port['containerPort']));
}

export const isFinished = (pod: ApiObject): boolean =>
  ['Succeeded', 'Failed'].includes(String(pod.status?.['phase']));
