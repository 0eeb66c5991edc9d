import type { EngineHolders, TieredMatch } from '@penstock/core/kv';
import {
  APPROXIMATE_BLOCK_TOKENS,
  type ApproximatePrefixIndex,
  creditedTokens,
  type PrefixSource,
  type TierCredits,
} from '@penstock/core/routing';
import type { FleetPool } from './fleet.js';
import type { PrefixKeys } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';
import { storageOfPool } from './storage-of-pool.js';

/** Prompt tokens that each endpoint of a pool holds as a prefix, and how that is known. */
export interface MatchedTokens {
  /** By position; what is in storage counts by the credit of its tier. */
  readonly tokens: readonly number[];
  /** What the figures were made of, by position; absent for guesses. */
  readonly matches?: ReadonlyArray<TieredMatch | undefined>;
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
  credits: TierCredits,
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
  const positions: number[] = [];
  const engines: EngineHolders[] = [];
  const storage = exact.knowsStorage ? storageOfPool(pool) : undefined;
  for (let i = 0; i < pool.endpoints.length; i++) {
    const endpoint = pool.endpoints[i];
    if (!endpoint) continue;
    const { engineId, address } = endpoint;
    if (exact.follows(engineId)) {
      positions.push(i);
      engines.push({ engineId, holders: storage?.[i] ?? NONE });
    } else {
      guessed ??= new Set();
      guessed.add(i);
      guess(i, address);
    }
  }
  const matches = new Array<TieredMatch | undefined>(pool.endpoints.length);
  for (const [e, match] of exact.match(keys.keys, engines).entries()) {
    const position = positions[e] as number;
    matches[position] = match;
    tokens[position] = creditedTokens(match.byTier, keys.blockSize, credits);
  }
  return { tokens, matches, source, ...(guessed ? { approximate: guessed } : {}) };
}

const NONE: readonly string[] = [];
