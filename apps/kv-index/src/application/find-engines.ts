import type { EngineFollower } from './follow-engine.js';

/** Which pool's engines are asked about; an empty name is any. */
export interface PoolFilter {
  readonly poolNamespace: string;
  readonly pool: string;
}

/** The followed engines of a pool, in the order of their ids. */
export function enginesOf(engines: Iterable<EngineFollower>, filter: PoolFilter): EngineFollower[] {
  return [...engines]
    .filter(({ pool }) => !filter.poolNamespace || pool.namespace === filter.poolNamespace)
    .filter(({ pool }) => !filter.pool || pool.name === filter.pool)
    .sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
}
