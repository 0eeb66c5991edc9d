/**
 * Names under which storage appears in KV events and indexes, beside engines. Engine ids begin with a Kubernetes
 * namespace, which never begins with `@`.
 */
const MARK = '@';

/** CPU and SSD tiers of one node, for the engines of one pool. */
export function nodeHolder(namespace: string, pool: string, node: string): string {
  return `${MARK}${namespace}/${pool}/node/${node}`;
}

/** The object store, for the engines of one pool. */
export function objectStoreHolder(namespace: string, pool: string): string {
  return `${MARK}${namespace}/${pool}/s3`;
}

/** Whether a holder is storage and no engine. */
export function isStorageHolder(holder: string): boolean {
  return holder.startsWith(MARK);
}

/** The pool whose engines storage serves; undefined for an engine, or a name that is none of ours. */
export function poolOfHolder(
  holder: string,
): { readonly namespace: string; readonly pool: string } | undefined {
  const [namespace, pool, kind] = holder.slice(MARK.length).split('/');
  if (!isStorageHolder(holder) || !namespace || !pool || !kind) return undefined;
  return { namespace, pool };
}
