import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { lookupTimes, planDeltas } from './arena-stage.js';
import { coreSeconds, type IndexFigures, percentiles } from './figures.js';
import type { Fleet } from './fleet.js';
import type { IndexPlan } from './plan.js';

/** A Map holds 16 million entries at most. */
const SHARDS = 64;

/** Block → engine → tier in nested Maps: what one writes first. */
class MapIndex {
  private readonly shards = Array.from({ length: SHARDS }, () => new Map<bigint, Map<string, number>>());

  store(engineId: string, keys: BigUint64Array): void {
    for (const key of keys) {
      const shard = this.shardOf(key);
      const holders = shard.get(key);
      if (holders) holders.set(engineId, 1);
      else shard.set(key, new Map([[engineId, 1]]));
    }
  }

  remove(engineId: string, keys: BigUint64Array): void {
    for (const key of keys) {
      const shard = this.shardOf(key);
      const holders = shard.get(key);
      if (holders?.delete(engineId) && holders.size === 0) shard.delete(key);
    }
  }

  /** Longest prefix of each engine. */
  match(keys: BigUint64Array): Map<string, number> {
    const blocks = new Map<string, number>();
    for (const [i, key] of keys.entries()) {
      let any = false;
      for (const engineId of this.shardOf(key).get(key)?.keys() ?? []) {
        if ((blocks.get(engineId) ?? 0) !== i) continue;
        blocks.set(engineId, i + 1);
        any = true;
      }
      if (!any) break;
    }
    return blocks;
  }

  private shardOf(key: bigint): Map<bigint, Map<string, number>> {
    return this.shards[Number(key & 63n)] as Map<bigint, Map<string, number>>;
  }
}

/** The same fleet and operations on nested Maps. */
export function measureMaps(fleet: Fleet, plan: IndexPlan): IndexFigures {
  const before = heapBytes();
  const index = new MapIndex();
  const { pairs } = fleet;
  const loading = coreSeconds(() => {
    for (const { id, keys } of fleet.engines) index.store(id, keys);
  });
  const bytesPerPair = (heapBytes() - before) / pairs;
  const lookups = lookupTimes(fleet, Math.ceil(plan.lookups / 10), (keys) => index.match(keys));
  const deltas = planDeltas(fleet, Math.min(plan.deltaOps, pairs));
  let ops = 0;
  const changing = coreSeconds(() => {
    for (const { engineId, changes } of deltas) {
      for (const { stored, removed } of changes) {
        index.remove(engineId, removed);
        index.store(engineId, stored);
        ops += stored.length + removed.length;
      }
    }
  });
  return {
    what: 'nested Maps',
    engines: fleet.engines.length,
    pairs,
    loadPairsPerSecond: pairs / loading,
    deltaOpsPerSecond: ops / changing,
    ...percentiles(lookups),
    bytesPerPair,
  };
}

/** Heap in use after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
