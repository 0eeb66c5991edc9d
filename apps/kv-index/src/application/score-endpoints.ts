import { type ReadableIndex, TIERS, type Tier } from '@penstock/core/kv';
import { enginesOf, type PoolFilter } from './find-engines.js';
import type { KnownEngine } from './known-engine.js';
import { type EngineMatch, matchEngines, tokensOf } from './match-engines.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';

export interface EndpointScore {
  /** The engine; of data-parallel ranks behind one endpoint the one with the longest prefix. */
  readonly engineId: string;
  readonly address: string;
  readonly matchedTokens: number;
  readonly byTier: ReadonlyArray<{ readonly tier: Tier; readonly tokens: number }>;
  /** Rank of `engineId`. */
  readonly rank: number;
  /** Every rank of the endpoint where several share it, else empty. */
  readonly byRank: ReadonlyArray<{ readonly rank: number; readonly matchedTokens: number }>;
  /** Tokens per block; 0 until known. */
  readonly blockSize: number;
}

export interface EndpointScores {
  readonly endpoints: readonly EndpointScore[];
  /** Tokens of the full blocks that were looked up, or all tokens given. */
  readonly promptTokens: number;
  readonly blockSize: number;
}

/**
 * The longest contiguous prefix of a prompt that each endpoint of the model holds and, behind it, can load from storage, in
 * tokens; endpoints with none are at 0.
 */
export function scoreEndpoints(
  index: ReadableIndex,
  engines: Iterable<KnownEngine>,
  filter: PoolFilter,
  query: PromptQuery,
): EndpointScores {
  const candidates = enginesOf(engines, filter).filter((e) => !query.model || e.model === query.model);
  const matches = matchEngines(index, candidates, (blockSize) => keysFor(query, blockSize));
  const byEndpoint = Map.groupBy(matches, ({ engine }) => engine.endpoint.address || engine.engineId);
  const blockSize = query.blockSize || candidates.find((engine) => engine.blockSize > 0)?.blockSize || 0;
  return {
    endpoints: Array.from(byEndpoint.values(), endpointScore),
    promptTokens: query.keys ? query.keys.keys.length * blockSize : query.tokenIds.length,
    blockSize,
  };
}

/** The best of an endpoint's ranks, the lowest of equal ones. */
function bestOf(ranks: readonly EngineMatch[]): EngineMatch {
  return ranks.reduce((best, other) => (tokensOf(other) > tokensOf(best) ? other : best));
}

function endpointScore(ranks: readonly EngineMatch[]): EndpointScore {
  const best = bestOf(ranks);
  const { engineId, endpoint, blockSize } = best.engine;
  const byTier = TIERS.map((tier, t) => ({ tier, tokens: (best.match.byTier[t] ?? 0) * blockSize }));
  const byRank = ranks.map((one) => ({ rank: one.engine.endpoint.rank, matchedTokens: tokensOf(one) }));
  return {
    engineId,
    address: endpoint.address,
    matchedTokens: tokensOf(best),
    byTier: byTier.filter(({ tokens }) => tokens > 0),
    rank: endpoint.rank,
    byRank: ranks.length > 1 ? byRank : [],
    blockSize,
  };
}
