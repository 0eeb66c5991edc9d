import { type EngineSync, isStorageHolder, poolOfHolder, type ReadableIndex } from '@penstock/core/kv';
import { enginesOf, isAskedFor, type PoolFilter } from './find-engines.js';
import type { KnownEngine } from './known-engine.js';

/** How what is known of a holder was learned. */
export type EngineSource = 'exact' | 'approximate' | 'storage';

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
  /** connecting, replaying, live, stale or gone; of storage: synced or waiting. */
  readonly state: string;
  readonly source: EngineSource;
  /** Who follows it; empty while nobody does. */
  readonly replica: string;
  readonly lagSeconds: number;
  readonly batchesBehind: number;
  readonly gaps: number;
  readonly replays: number;
  readonly restarts: number;
  readonly orphans: number;
  readonly rank: number;
}

/** Every known engine and how far its cache has been followed; `self` is this replica. */
export function listEngines(
  index: ReadableIndex,
  engines: Iterable<KnownEngine>,
  filter: PoolFilter,
  self: string,
): EngineReport[] {
  return enginesOf(engines, filter).map((engine) => describeEngine(index, engine, self));
}

/** How far an engine's cache has been followed. */
export function describeEngine(index: ReadableIndex, engine: KnownEngine, self: string): EngineReport {
  const { cache } = engine;
  const { gaps = 0, replays = 0, restarts = 0 } = cache?.counters ?? {};
  return {
    engineId: engine.engineId,
    address: engine.endpoint.address,
    poolNamespace: engine.pool.namespace,
    pool: engine.pool.name,
    model: engine.model,
    blockSize: engine.blockSize,
    incarnation: engine.incarnation,
    engineSequence: cache?.engineSequence ?? -1,
    deltaSequence: cache?.sequence ?? 0,
    blocks: index.blocksOf(engine.engineId),
    state: engine.state,
    source: engine.publishesEvents ? 'exact' : 'approximate',
    replica: engine.replica ?? (cache ? self : ''),
    lagSeconds: (engine.lagMs ?? 0) / 1000,
    batchesBehind: cache?.parkedBatches ?? 0,
    gaps,
    replays,
    restarts,
    orphans: cache?.orphanBlocks ?? 0,
    rank: engine.endpoint.rank,
  };
}

/** Storage as kv-offload tells of it. */
export function listStorage(
  index: ReadableIndex,
  holders: Iterable<EngineSync>,
  filter: PoolFilter,
  self: string,
): EngineReport[] {
  const reports: EngineReport[] = [];
  for (const { engineId, state, incarnation, sequence, ageMs } of holders) {
    const pool = isStorageHolder(engineId) ? poolOfHolder(engineId) : undefined;
    if (!pool || !isAskedFor(filter, pool.namespace, pool.pool)) continue;
    reports.push({
      ...UNUSED_OF_STORAGE,
      engineId,
      poolNamespace: pool.namespace,
      pool: pool.pool,
      incarnation,
      deltaSequence: sequence,
      blocks: index.blocksOf(engineId),
      state,
      replica: self,
      lagSeconds: ageMs / 1000,
    });
  }
  return reports.sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
}

const UNUSED_OF_STORAGE = {
  address: '',
  model: '',
  blockSize: 0,
  engineSequence: -1,
  source: 'storage',
  batchesBehind: 0,
  gaps: 0,
  replays: 0,
  restarts: 0,
  orphans: 0,
  rank: 0,
} as const;
