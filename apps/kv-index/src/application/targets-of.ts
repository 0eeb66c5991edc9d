import type { Endpoint, PoolView } from '@penstock/cluster';
import type { EngineTarget } from './engine-target.js';

/**
 * The engines of pools, pool by pool: every data-parallel rank is one, also where several share an HTTP port. An engine of
 * several pools comes with each of them.
 */
export function* targetsOf(pools: Iterable<PoolView>): Generator<EngineTarget> {
  for (const { pool, endpoints } of pools) {
    for (const endpoint of endpoints) {
      for (const rank of ranksOf(endpoint)) yield { pool, endpoint: rank };
    }
  }
}

function* ranksOf(endpoint: Endpoint): Generator<Endpoint> {
  yield endpoint;
  const { engineId, rank: first, kvEventsPort, kvReplayPort } = endpoint;
  for (let n = 1; n < (endpoint.localRanks ?? 1); n++) {
    yield {
      ...endpoint,
      engineId: `${engineId}#${first + n}`,
      rank: first + n,
      ...(kvEventsPort === undefined ? {} : { kvEventsPort: kvEventsPort + n }),
      ...(kvReplayPort === undefined ? {} : { kvReplayPort: kvReplayPort + n }),
    };
  }
}
