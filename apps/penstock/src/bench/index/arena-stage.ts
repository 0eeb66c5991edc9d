import { type KvDelta, KvReplica, PrefixIndex, PrefixIndexReader } from '@penstock/core/kv';
import { coreSeconds, type IndexFigures, percentiles } from './figures.js';
import type { Fleet, FleetEngine } from './fleet.js';
import type { IndexPlan } from './plan.js';

/** Block operations of one engine in a delta: at the fleet's planned rate, those of some 100 ms. */
const DELTA_OPS = 80;
const MAX_PAIRS = 32_000_000;

/** Snapshots, then deltas, into the index as a replica keeps it, in shared memory; lookups as its reader makes them. */
export function measureArena(fleet: Fleet, plan: IndexPlan): IndexFigures {
  const index = new PrefixIndex({ shared: true, maxHolders: MAX_PAIRS });
  const replica = new KvReplica(index);
  const pairs = fleet.pairs;
  const loading = coreSeconds(() => {
    for (const { id, keys, checks } of fleet.engines) {
      const tiers = [{ tier: 'gpu' as const, keys, checks }];
      replica.applySnapshot({ engineId: id, incarnation: 1, sequence: 1, tiers }, 0);
    }
  });
  const bytesPerPair = index.bytes / index.holders;
  const reader = new PrefixIndexReader(index.handle());
  const lookups = lookupTimes(fleet, plan.lookups, (keys) => reader.match(keys, fleet.ids));
  const deltas = planDeltas(fleet, plan.deltaOps);
  const changing = coreSeconds(() => {
    for (const delta of deltas) replica.applyDelta(delta, 0);
  });
  return {
    what: 'arena',
    engines: fleet.engines.length,
    pairs,
    loadPairsPerSecond: pairs / loading,
    deltaOpsPerSecond: (deltas.length * DELTA_OPS) / changing,
    ...percentiles(lookups),
    bytesPerPair,
  };
}

/** Times of lookups, of conversations and documents in turn, after some that nobody counts. */
export function lookupTimes(fleet: Fleet, count: number, look: (keys: BigUint64Array) => unknown): number[] {
  const warmUp = Math.ceil(count / 5);
  const times: number[] = [];
  for (let i = -warmUp; i < count; i++) {
    const keys = i % 2 === 0 ? fleet.conversation() : fleet.document();
    const startMs = performance.now();
    look(keys);
    if (i >= 0) times.push(performance.now() - startMs);
  }
  return times;
}

/** Deltas of engines in turn, each of which removes its oldest own blocks and stores as many new ones. */
export function planDeltas(fleet: Fleet, ops: number): KvDelta[] {
  const half = DELTA_OPS / 2;
  const rounds = Math.ceil(ops / DELTA_OPS / fleet.engines.length);
  const deltas: KvDelta[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const engine of fleet.engines) deltas.push(deltaOf(fleet, engine, round, half));
  }
  return deltas;
}

function deltaOf(fleet: Fleet, { id, keys }: FleetEngine, round: number, half: number): KvDelta {
  const own = keys.length - fleet.sharedBlocks - half;
  const from = fleet.sharedBlocks + ((round * half) % own);
  const { keys: stored, checks: storedChecks } = fleet.newBlocks(half);
  return {
    engineId: id,
    incarnation: 1,
    sequence: 2 + round,
    cleared: false,
    changes: [{ tier: 'gpu', stored, storedChecks, removed: keys.subarray(from, from + half) }],
  };
}
