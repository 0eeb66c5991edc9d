export interface EngineKeys {
  /** Hash: position, sizes and facts. */
  readonly head: string;
  /** String: packed snapshot. */
  readonly snapshot: string;
  /** List: packed deltas after the snapshot. */
  readonly log: string;
}

const PREFIX = 'penstock:kv:';

/** Random text that a flush loses. */
export const EPOCH_KEY = `${PREFIX}epoch`;

/** The keys of one engine share a hash tag, so that they live on one node of a cluster. */
export function engineKeys(namespace: string, pool: string, engineId: string): EngineKeys {
  const base = `${PREFIX}{${part(namespace)}/${part(pool)}/${part(engineId)}}`;
  return { head: `${base}:head`, snapshot: `${base}:snap`, log: `${base}:log` };
}

/** Set of the ids of a pool's engines. */
export function poolKey(namespace: string, pool: string): string {
  return `${PREFIX}{${part(namespace)}/${part(pool)}}:engines`;
}

/** Keeps braces and slashes out, which would change the hash tag. */
function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
