/**
 * Address of a kind in the Kubernetes API: `GET /apis/<group>/<version>/namespaces/<ns>/<plural>`.
 * Structurally the `ResourceKind` of `@penstock/core/ports`, which contracts may not import.
 */
export interface ResourceKind<T = unknown> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Type carrier only; never set. */
  readonly type?: T;
}

/** `apiVersion` of the objects of a kind: `v1`, `inference.networking.k8s.io/v1`. */
export function apiVersionOf(kind: Pick<ResourceKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
