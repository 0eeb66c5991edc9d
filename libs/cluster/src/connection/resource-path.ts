import type { ResourceKind } from '@penstock/core/ports';

/**
 * Path of a collection, an object or a subresource.
 *
 * @throws Error when a namespaced kind lacks the namespace that the path needs
 */
export function resourcePath(
  kind: ResourceKind,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  if (kind.namespaced && namespace === undefined && name !== undefined) {
    throw new Error(`${kind.kind} ${name} needs a namespace`);
  }
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${kind.plural}${object}${subresource === undefined ? '' : `/${subresource}`}`;
}
