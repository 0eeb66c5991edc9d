import type { KnownEngine } from './known-engine.js';

/** Which pool's engines are asked about; an empty name is any. */
export interface PoolFilter {
  readonly poolNamespace: string;
  readonly pool: string;
}

/** The known engines of a pool, in the order of their ids. */
export function enginesOf(engines: Iterable<KnownEngine>, filter: PoolFilter): KnownEngine[] {
  return [...engines].filter(({ pool }) => isAskedFor(filter, pool.namespace, pool.name)).sort(byEngineId);
}

/** Whether a filter covers a pool. */
export function isAskedFor(filter: PoolFilter, namespace: string, pool: string): boolean {
  return (
    (!filter.poolNamespace || namespace === filter.poolNamespace) && (!filter.pool || pool === filter.pool)
  );
}

function byEngineId(a: KnownEngine, b: KnownEngine): number {
  return a.engineId < b.engineId ? -1 : 1;
}
