import {
  APPROXIMATE_BLOCK_TOKENS,
  type ApproximatePrefixIndex,
  type PrefixSource,
} from '@penstock/core/routing';
import type { FleetPool } from './fleet.js';
import type { PrefixKeys } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';

/** Prompt tokens that each endpoint of a pool holds as a prefix, and how that is known. */
export interface MatchedTokens {
  readonly tokens: readonly number[];
  readonly source: PrefixSource;
  /** Endpoints (by position) whose figure is a guess although the policy asks for facts; absent when there are none. */
  readonly approximate?: ReadonlySet<number>;
}

/**
 * Prompt tokens that each endpoint of the pool holds as a prefix, from the source a policy asks for. Where it asks for
 * facts, engines whose KV events do not come are judged by where requests went.
 */
export function matchedTokens(
  source: PrefixSource,
  pool: FleetPool,
  keys: PrefixKeys | undefined,
  exact: PrefixView,
  approximate: { readonly index: ApproximatePrefixIndex; readonly keys: Float64Array | undefined },
): MatchedTokens {
  const tokens = new Array<number>(pool.endpoints.length).fill(0);
  if (!keys || source === 'none') return { tokens, source: 'none' };
  const tokensPerKey = Math.max(1, Math.ceil(APPROXIMATE_BLOCK_TOKENS / keys.blockSize)) * keys.blockSize;
  const guess = (i: number, address: string) => {
    tokens[i] = approximate.index.match(address, approximate.keys ?? []) * tokensPerKey;
  };
  if (source === 'approximate') {
    pool.endpoints.forEach(({ address }, i) => void guess(i, address));
    return { tokens, source };
  }
  let guessed: Set<number> | undefined;
  const positions = new Map<string, number>();
  for (let i = 0; i < pool.endpoints.length; i++) {
    const endpoint = pool.endpoints[i];
    if (!endpoint) continue;
    if (exact.follows(endpoint.engineId)) positions.set(endpoint.engineId, i);
    else {
      guessed ??= new Set();
      guessed.add(i);
      guess(i, endpoint.address);
    }
  }
  for (const { engineId, blocks } of exact.match(keys.keys, [...positions.keys()])) {
    const position = positions.get(engineId);
    if (position !== undefined) tokens[position] = blocks * keys.blockSize;
  }
  return { tokens, source, ...(guessed ? { approximate: guessed } : {}) };
}
