import type { PoolView } from '@penstock/cluster';
import type { EngineTarget } from './engine-target.js';

/** The engines of pools, pool by pool. An engine of several pools comes with each of them. */
export function* targetsOf(pools: Iterable<PoolView>): Generator<EngineTarget> {
  for (const { pool, endpoints } of pools) for (const endpoint of endpoints) yield { pool, endpoint };
}
