import type { KeyList, ReadableIndex, TieredMatch } from '@penstock/core/kv';
import type { KnownEngine } from './known-engine.js';
import { storageOf } from './storage-of-engine.js';

/** A prompt's match in one engine. */
export interface EngineMatch {
  readonly engine: KnownEngine;
  readonly match: TieredMatch;
}

/** One match per engine, in their order. The keys for a block size are asked for once. */
export function matchEngines(
  index: ReadableIndex,
  engines: readonly KnownEngine[],
  keysOf: (blockSize: number) => KeyList,
): EngineMatch[] {
  const matches = new Map<KnownEngine, TieredMatch>();
  const storageIsKnown = index.storageHolders > 0;
  for (const [blockSize, group] of Map.groupBy(engines, (engine) => engine.blockSize)) {
    const holders = group.map((engine) => ({
      engineId: engine.engineId,
      holders: storageIsKnown ? storageOf(engine) : [],
    }));
    const found = index.matchTiered(keysOf(blockSize), holders);
    for (const [i, engine] of group.entries()) matches.set(engine, found[i] as TieredMatch);
  }
  return engines.map((engine) => ({ engine, match: matches.get(engine) as TieredMatch }));
}

/** What an engine holds of the prompt. */
export function tokensOf({ engine, match }: EngineMatch): number {
  return match.blocks * engine.blockSize;
}
