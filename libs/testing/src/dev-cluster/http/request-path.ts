/** What a path of the API addresses. */
export type RequestPath =
  | { readonly type: 'other'; readonly path: string }
  | {
      readonly type: 'resource';
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      /** Absent for cluster-scoped resources and for all namespaces. */
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: string;
    };

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Reads `/api/v1/…` and `/apis/<group>/<version>/…`; anything else, discovery included, is `other`. */
export function parseRequestPath(path: string): RequestPath {
  const parts = path.split('/').filter(Boolean).map(decode);
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return { type: 'other', path };
  const [group, version, ...rest] = isCore ? ['', ...parts.slice(1)] : parts.slice(1);
  if (group === undefined || version === undefined || rest.length === 0) return { type: 'other', path };
  const base = { type: 'resource', group, version } as const;
  const [first, second, third, fourth, fifth] = rest;
  if (
    first === 'namespaces' &&
    isCore &&
    (rest.length <= 2 || (rest.length === 3 && NAMESPACE_SUBRESOURCES.has(third ?? '')))
  ) {
    return { ...base, plural: 'namespaces', ...optional(second, third) };
  }
  if (first === 'namespaces' && third !== undefined) {
    if (rest.length > 5) return { type: 'other', path };
    return { ...base, plural: third, namespace: second, ...optional(fourth, fifth) };
  }
  return rest.length > 3
    ? { type: 'other', path }
    : { ...base, plural: first ?? '', ...optional(second, third) };
}

const optional = (name?: string, subresource?: string) => ({
  ...(name === undefined ? {} : { name }),
  ...(subresource === undefined ? {} : { subresource }),
});

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
