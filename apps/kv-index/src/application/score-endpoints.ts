import { type PrefixIndex, TIERS, type Tier } from '@penstock/core/kv';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { EngineFollower } from './follow-engine.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';
import { storageOf } from './storage-of-engine.js';

export interface EndpointScore {
  readonly engineId: string;
  readonly address: string;
  readonly matchedTokens: number;
  readonly byTier: ReadonlyArray<{ readonly tier: Tier; readonly tokens: number }>;
}

export interface EndpointScores {
  readonly endpoints: readonly EndpointScore[];
  /** Tokens of the full blocks that were looked up, or all tokens given. */
  readonly promptTokens: number;
  readonly blockSize: number;
}

/**
 * The longest contiguous prefix of a prompt that each engine of the model holds and, behind it, can load from storage, in
 * tokens; engines with none are at 0.
 */
export function scoreEndpoints(
  index: PrefixIndex,
  engines: Iterable<EngineFollower>,
  filter: PoolFilter,
  query: PromptQuery,
): EndpointScores {
  const candidates = enginesOf(engines, filter).filter((e) => !query.model || e.model === query.model);
  const scores = new Map<string, EndpointScore>();
  const bySize = Map.groupBy(candidates, (engine) => engine.blockSize);
  for (const [blockSize, group] of bySize) {
    const known = index.storageHolders > 0;
    const holders = group.map((engine) => ({
      engineId: engine.engineId,
      holders: known ? storageOf(engine) : [],
    }));
    const matches = index.matchTiered(keysFor(query, blockSize), holders);
    for (const [i, engine] of group.entries()) {
      const { blocks = 0, byTier = [] } = matches[i] ?? {};
      scores.set(engine.engineId, {
        engineId: engine.engineId,
        address: engine.endpoint.address,
        matchedTokens: blocks * blockSize,
        byTier: TIERS.map((tier, t) => ({ tier, tokens: (byTier[t] ?? 0) * blockSize })).filter(
          (t) => t.tokens > 0,
        ),
      });
    }
  }
  const blockSize = query.blockSize || candidates.find((engine) => engine.blockSize > 0)?.blockSize || 0;
  return {
    endpoints: candidates.map((engine) => scores.get(engine.engineId) as EndpointScore),
    promptTokens: query.keys ? query.keys.length * blockSize : query.tokenIds.length,
    blockSize,
  };
}
