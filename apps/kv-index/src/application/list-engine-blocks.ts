import type { Tier } from '@penstock/core/kv';
import type { KnownEngine } from './known-engine.js';

export interface EngineBlockChunk {
  /** Absent in the only chunk of an engine that holds nothing. */
  readonly tier?: Tier;
  readonly engineHashes: BigUint64Array;
  readonly keys: BigUint64Array;
  readonly incarnation: number;
  readonly engineSequence: number;
}

/** Blocks per message: 16 bytes each. */
const CHUNK_BLOCKS = 32_768;

/** Every block the engine is believed to hold as of its last delta, in chunks; at least one, so that the position is told. */
export function* listEngineBlocks(engine: KnownEngine): Generator<EngineBlockChunk> {
  const { cache } = engine;
  const position = {
    incarnation: engine.incarnation,
    engineSequence: cache?.publishedEngineSequence ?? -1,
  };
  const tiers = cache?.publishedBlocks() ?? [];
  for (const { tier, engineHashes, keys } of tiers) {
    for (let from = 0; from < keys.length; from += CHUNK_BLOCKS) {
      const to = from + CHUNK_BLOCKS;
      yield {
        tier,
        engineHashes: engineHashes.subarray(from, to),
        keys: keys.subarray(from, to),
        ...position,
      };
    }
  }
  const none = new BigUint64Array(0);
  if (tiers.length === 0) yield { engineHashes: none, keys: none, ...position };
}
