import type { ApiObject, Json } from '../object/api-object.js';
import { isObject, splitPath, valueAt } from '../object/json.js';
import { ContainerConfigError } from './container-config-error.js';

/**
 * The text of a `fieldRef`: a plain field, one label or annotation (`metadata.labels['app']`), or all of them, one
 * `key="value"` a line by key. What is not there is empty.
 *
 * @throws ContainerConfigError for a field that is not text
 */
export function podField(pod: ApiObject, path: string, podIp: string): string {
  if (path === 'status.podIP' || path === 'status.podIPs') return podIp;
  if (path === 'status.hostIP' || path === 'status.hostIPs') return '127.0.0.1';
  // The one place where field paths have subscripts.
  const [, field, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  const value: Json | undefined =
    field && key ? valueAt(pod, ['metadata', field, key]) : valueAt(pod, splitPath(path));
  if (isObject(value) && /^metadata\.(labels|annotations)$/.test(path)) return lines(value);
  if (value !== undefined && typeof value === 'object') {
    throw new ContainerConfigError(`fieldRef ${path} is not supported by the simulated kubelet`);
  }
  return String(value ?? '');
}

function lines(map: Readonly<Record<string, Json | undefined>>): string {
  const keys = Object.keys(map).sort();
  return keys.map((key) => `${key}=${JSON.stringify(map[key])}`).join('\n');
}
