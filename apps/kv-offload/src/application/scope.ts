/** An InferencePool by namespace and name, as written in scopes: `<namespace>/<pool>`. */
export interface PoolRef {
  readonly namespace: string;
  readonly pool: string;
}

const PATTERN = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/;

export function scopeOf({ namespace, pool }: PoolRef): string {
  return `${namespace}/${pool}`;
}

/** Undefined when it is no scope. */
export function parseScope(scope: string): PoolRef | undefined {
  const [, namespace, , pool] = PATTERN.exec(scope) ?? [];
  return namespace === undefined || pool === undefined ? undefined : { namespace, pool };
}
