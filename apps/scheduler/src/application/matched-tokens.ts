import type { EngineHolders, TieredMatch } from '@penstock/core/kv';
import {
  type ApproximatePrefixIndex,
  creditedTokens,
  type PrefixSource,
  type TierCredits,
  tokensPerApproximateKey,
} from '@penstock/core/routing';
import type { FleetPool } from './fleet.js';
import type { PoolKeys, PrefixKeys } from './prefix-keys.js';
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
  /** Of `tokens`: what is not there yet, as far as is known, but was sent to the endpoint a moment ago. By position. */
  readonly speculative?: ReadonlyMap<number, number>;
}

/** Blocks of a prompt that engines were sent lately, by engine id; undefined when nobody was. */
export type ExpectedBlocks = (blocks: PrefixKeys) => ReadonlyMap<string, number> | undefined;

/**
 * Prompt tokens that each endpoint of the pool holds as a prefix, from the source a policy asks for. Where it asks for
 * facts, engines whose KV events do not come are judged by where requests went.
 */
export function matchedTokens(
  source: PrefixSource,
  pool: FleetPool,
  keys: PoolKeys | undefined,
  exact: PrefixView,
  approximate: { readonly index: ApproximatePrefixIndex; readonly keys: Float64Array | undefined },
  credits: TierCredits,
  expected: ExpectedBlocks = () => undefined,
): MatchedTokens {
  const tokens = new Array<number>(pool.endpoints.length).fill(0);
  if (!keys || source === 'none') return { tokens, source: 'none' };
  const tokensPerKey = tokensPerApproximateKey(keys.first.blockSize);
  const guess = (i: number, address: string) => {
    tokens[i] = approximate.index.match(address, approximate.keys ?? []) * tokensPerKey;
  };
  if (source === 'approximate') {
    pool.endpoints.forEach(({ address }, i) => void guess(i, address));
    return { tokens, source };
  }
  let guessed: Set<number> | undefined;
  // Engines of one block size are asked for together.
  const groups = new Map<PrefixKeys, { readonly positions: number[]; readonly engines: EngineHolders[] }>();
  const storage = exact.knowsStorage ? storageOfPool(pool) : undefined;
  for (let i = 0; i < pool.endpoints.length; i++) {
    const endpoint = pool.endpoints[i];
    if (!endpoint) continue;
    const { engineId, address } = endpoint;
    if (exact.follows(engineId)) {
      const blocks = keys.of(endpoint);
      let group = groups.get(blocks);
      if (!group) {
        group = { positions: [], engines: [] };
        groups.set(blocks, group);
      }
      group.positions.push(i);
      group.engines.push({ engineId, holders: storage?.[i] ?? NONE });
    } else {
      guessed ??= new Set();
      guessed.add(i);
      guess(i, address);
    }
  }
  const matches = new Array<TieredMatch | undefined>(pool.endpoints.length);
  const speculative = new Map<number, number>();
  for (const [blocks, { positions, engines }] of groups) {
    const sent = expected(blocks);
    for (const [e, match] of exact.match(blocks, engines).entries()) {
      const position = positions[e] as number;
      matches[position] = match;
      const ahead = Math.max(0, (sent?.get(match.engineId) ?? 0) - match.blocks) * blocks.blockSize;
      if (ahead > 0) speculative.set(position, ahead);
      tokens[position] = creditedTokens(match.byTier, blocks.blockSize, credits) + ahead;
    }
  }
  return {
    tokens,
    matches,
    source,
    ...(guessed ? { approximate: guessed } : {}),
    ...(speculative.size > 0 ? { speculative } : {}),
  };
}

const NONE: readonly string[] = [];
