import { poolOfHolder, type ReadableIndex, TIERS, type Tier } from '@penstock/core/kv';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { KnownEngine } from './known-engine.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';

export interface BlockHolders {
  readonly key: bigint;
  /** Engines, and storage under the name it has in events. */
  readonly holders: ReadonlyArray<{ readonly engineId: string; readonly tier: Tier }>;
}

/**
 * Holders of every full block of a prompt, one entry per tier a holder has it on, in the order of their ids: engines, and
 * the storage of their pools.
 */
export function lookupBlocks(
  index: ReadableIndex,
  engines: Iterable<KnownEngine>,
  filter: PoolFilter,
  query: PromptQuery,
): { blocks: BlockHolders[]; blockSize: number } {
  const candidates = enginesOf(engines, filter).filter((e) => !query.model || e.model === query.model);
  const blockSize = query.blockSize || candidates.find((engine) => engine.blockSize > 0)?.blockSize || 0;
  const engineIds = new Set<string>();
  const pools = new Set<string>();
  for (const engine of candidates) {
    if (engine.blockSize !== blockSize) continue;
    engineIds.add(engine.engineId);
    pools.add(`${engine.pool.namespace}/${engine.pool.name}`);
  }
  const isAskedFor = (holder: string) => {
    const pool = poolOfHolder(holder);
    return pool ? pools.has(`${pool.namespace}/${pool.pool}`) : engineIds.has(holder);
  };
  const blocks = Array.from(keysFor(query, blockSize).keys, (key) => {
    const found = index.holdersOf(key).filter((holder) => isAskedFor(holder.engineId));
    found.sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
    const holders = found.flatMap(({ engineId, tierBits }) =>
      TIERS.filter((_, t) => (tierBits & (1 << t)) !== 0).map((tier) => ({ engineId, tier })),
    );
    return { key, holders };
  });
  return { blocks, blockSize };
}
