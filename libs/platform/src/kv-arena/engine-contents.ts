import { type KvReplica, type ReadableIndex, TIERS, type Tier } from '@penstock/core/kv';

/** What an engine holds after one of its deltas. */
export interface EngineContents {
  readonly incarnation: number;
  readonly sequence: number;
  readonly blocks: number;
  /** `window`: held by the sliding-window groups of a hybrid model, not by its dense ones. Empty when keys were not asked for. */
  readonly tiers: ReadonlyArray<{
    readonly tier: Tier;
    readonly window: boolean;
    readonly keys: BigUint64Array;
  }>;
}

export const NO_CONTENTS: EngineContents = { incarnation: 0, sequence: 0, blocks: 0, tiers: [] };

const FACTS = TIERS.flatMap((tier) => [false, true].map((window) => ({ tier, window })));

/** Reads everything an engine holds; on the thread that writes the index, where nothing changes meanwhile. */
export function engineContents(
  index: ReadableIndex,
  replica: KvReplica,
  engineId: string,
  withKeys: boolean,
): EngineContents {
  const { incarnation = 0, sequence = 0 } = replica.sync(engineId, 0) ?? {};
  const tiers = (withKeys ? FACTS : []).map(({ tier, window }) => ({
    ...{ tier, window },
    keys: index.keysOf(engineId, tier, { window }),
  }));
  return { incarnation, sequence, blocks: index.blocksOf(engineId), tiers };
}
