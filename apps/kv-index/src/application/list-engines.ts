import type { PrefixIndex } from '@penstock/core/kv';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { EngineFollower, FollowState } from './follow-engine.js';

export interface EngineReport {
  readonly engineId: string;
  readonly address: string;
  readonly poolNamespace: string;
  readonly pool: string;
  readonly model: string;
  readonly blockSize: number;
  readonly incarnation: number;
  /** Last engine batch applied; -1 before the first. */
  readonly engineSequence: number;
  readonly deltaSequence: number;
  /** Blocks in the index. */
  readonly blocks: number;
  readonly state: FollowState;
}

/** Every followed engine and how far its cache has been followed. */
export function listEngines(
  index: PrefixIndex,
  engines: Iterable<EngineFollower>,
  filter: PoolFilter,
): EngineReport[] {
  return enginesOf(engines, filter).map((engine) => ({
    engineId: engine.engineId,
    address: engine.endpoint.address,
    poolNamespace: engine.pool.namespace,
    pool: engine.pool.name,
    model: engine.model,
    blockSize: engine.blockSize,
    incarnation: engine.incarnation,
    engineSequence: engine.cache?.engineSequence ?? -1,
    deltaSequence: engine.cache?.sequence ?? 0,
    blocks: index.blocksOf(engine.engineId),
    state: engine.state,
  }));
}
