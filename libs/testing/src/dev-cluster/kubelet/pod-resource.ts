import type { ApiObject, JsonObject } from '../object/api-object.js';
import { valueAt } from '../object/json.js';
import { parseQuantity } from '../object/quantity.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ContainerConfigError } from './container-config-error.js';
import { containersOf, initContainersOf } from './pod-spec.js';

/**
 * The text of a `resourceFieldRef`: a container's limit or request in whole divisors, rounded up. Where there is no
 * limit it is what the node has.
 *
 * @param containerName the container that is asked for when the reference names none
 * @throws ContainerConfigError for a container or a resource that is not there
 */
export function podResource(
  pod: ApiObject,
  reference: JsonObject,
  store: ObjectStore,
  containerName?: string,
): string {
  const name = String(reference['containerName'] ?? containerName);
  const path = String(reference['resource']);
  const container = [...containersOf(pod), ...initContainersOf(pod)].find((c) => c.name === name);
  const [, kind = '', resource = ''] = /^(limits|requests)\.(.+)$/.exec(path) ?? [];
  if (!container || !resource) {
    throw new ContainerConfigError(`resourceFieldRef ${path} of container ${name} is not there`);
  }
  const own = valueAt(container, ['resources', kind, resource]);
  const node = store.get('nodes', undefined, String(pod.spec?.['nodeName'] ?? ''));
  const ofNode = kind === 'limits' ? valueAt(node?.status, ['allocatable', resource]) : undefined;
  const divisor = parseQuantity(reference['divisor'] ?? '1') || 1;
  return String(Math.ceil(parseQuantity(own ?? ofNode ?? '0') / divisor));
}
