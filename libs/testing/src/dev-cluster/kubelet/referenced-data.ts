import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ContainerConfigError } from './container-config-error.js';

/**
 * What a config map or secret that a pod refers to holds, by key.
 *
 * @param reference its `name`, and whether it is `optional`
 * @returns undefined when it is not there and need not be
 * @throws ContainerConfigError when it is not there
 */
export function referencedData(
  store: ObjectStore,
  kind: 'configMap' | 'secret',
  namespace: string,
  reference: JsonObject,
): Record<string, Buffer> | undefined {
  const name = String(reference['name']);
  const object = store.get(kind === 'configMap' ? 'configmaps' : 'secrets', namespace, name);
  if (!object) {
    if (reference['optional'] === true) return undefined;
    throw new ContainerConfigError(`${kind.toLowerCase()} "${name}" not found`);
  }
  const entries = (field: string, encoding: 'utf8' | 'base64'): [string, Buffer][] =>
    Object.entries(isObject(object[field]) ? object[field] : {}).map(([key, value]) => [
      key,
      Buffer.from(String(value), encoding),
    ]);
  return Object.fromEntries([
    ...entries('data', kind === 'secret' ? 'base64' : 'utf8'),
    ...entries('binaryData', 'base64'),
  ]);
}
