import type { Fleet, FleetPool } from './fleet.js';

export interface PoolChoice {
  readonly pool: FleetPool;
  readonly targetModel: string;
}

export interface NoPool {
  readonly code: 'model_not_found' | 'no_endpoint';
  readonly reason: string;
}

/** Whether an engine answers to the name; one that was not asked yet may. */
export const mayServe = (servedModels: ReadonlySet<string>, model: string): boolean =>
  servedModels.size === 0 || servedModels.has(model);

/**
 * The pool of a model and the name to send there: what an InferenceModel or rewrite says, else the first pool
 * (by namespace and name) with an engine that serves the name, one that can take requests before one that cannot; else
 * a pool that is expected to get one.
 */
export function choosePool(fleet: Fleet, model: string, draw: number): PoolChoice | NoPool {
  const route = fleet.route(model, draw);
  const pools = fleet.pools();
  if (route.pool) {
    const { namespace, name } = route.pool;
    const pool = fleet.pool(namespace, name);
    if (pool) return { pool, targetModel: route.targetModel };
    return {
      code: 'no_endpoint',
      reason: `${route.rule} names the pool ${namespace}/${name}, which does not exist`,
    };
  }
  let best: FleetPool | undefined;
  let bestRank = 0;
  let unknown: FleetPool | undefined;
  for (const pool of pools) {
    for (const endpoint of pool.endpoints) {
      if (endpoint.servedModels.size === 0) unknown ??= pool;
      else if (endpoint.servedModels.has(route.targetModel)) {
        const rank = endpoint.excluded === undefined ? 2 : 1;
        if (rank > bestRank) [best, bestRank] = [pool, rank];
      }
    }
  }
  best ??= fleet.expectedPool(route.targetModel);
  if (best) return { pool: best, targetModel: route.targetModel };
  if (pools.length === 0) return { code: 'no_endpoint', reason: 'no InferencePool is known yet' };
  const empty = pools.every((pool) => pool.endpoints.length === 0);
  if (empty) return { code: 'no_endpoint', reason: 'no pool has an engine' };
  if (unknown) return { code: 'no_endpoint', reason: 'no engine has said yet which models it serves' };
  return { code: 'model_not_found', reason: 'no pool serves this model' };
}
