import { poolOfHolder, type ReadableIndex, TIERS, type Tier } from '@penstock/core/kv';
import { ServiceError } from '@penstock/platform';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { KnownEngine } from './known-engine.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';
import { Turn } from './turn.js';

/** Entries of an answer: some 20 MB. */
const MAX_ENTRIES = 500_000;

export interface BlockHolders {
  readonly key: bigint;
  /** Engines, and storage under the name it has in events. */
  readonly holders: ReadonlyArray<{ readonly engineId: string; readonly tier: Tier }>;
}

/**
 * Holders of every full block of a prompt, one entry per tier a holder has it on, in the order of their ids: engines, and
 * the storage of their pools. It lets other requests go between. Throws `exhausted` when the answer would be too large.
 */
export async function lookupBlocks(
  index: ReadableIndex,
  engines: Iterable<KnownEngine>,
  filter: PoolFilter,
  query: PromptQuery,
  maxEntries = MAX_ENTRIES,
): Promise<{ blocks: BlockHolders[]; blockSize: number }> {
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
  const blocks: BlockHolders[] = [];
  const turn = new Turn();
  let entries = 0;
  for (const key of keysFor(query, blockSize).keys) {
    const found = index.holdersOf(key).filter((holder) => isAskedFor(holder.engineId));
    found.sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
    const holders = found.flatMap(({ engineId, tierBits }) =>
      TIERS.filter((_, t) => (tierBits & (1 << t)) !== 0).map((tier) => ({ engineId, tier })),
    );
    entries += 1 + holders.length;
    if (entries > maxEntries) throw tooLarge(maxEntries);
    blocks.push({ key, holders });
    if (turn.isOver()) await turn.next();
  }
  return { blocks, blockSize };
}

function tooLarge(maxEntries: number): ServiceError {
  const what = `its blocks and their holders are more than ${maxEntries}`;
  return new ServiceError(
    'exhausted',
    what,
    'prompt',
    'ask for a shorter prompt or one pool, or ScoreEndpoints',
  );
}
