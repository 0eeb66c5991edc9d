import type { KeyList, SpeculativeBlocks } from '@penstock/core/kv';
import type { Clock } from '@penstock/core/ports';
import {
  approximateKeys,
  type LoadLedger,
  type RoutedPrefix,
  type RoutingInput,
  type TierCredits,
  tokensPerApproximateKey,
} from '@penstock/core/routing';
import { type CachedByTier, cachedByTier } from './cached-by-tier.js';
import { choosePool, type NoPool, type PoolChoice } from './choose-pool.js';
import { type DecisionRecord, UNKNOWN_AGE_MS } from './decision-record.js';
import { endpointViews, oldestMetricsMs } from './endpoint-views.js';
import type { Fleet, FleetEndpoint } from './fleet.js';
import { type MatchedTokens, matchedTokens } from './matched-tokens.js';
import type { PoolPolicies } from './pool-policies.js';
import { PrefixKeyMaker } from './prefix-keys.js';
import type { PrefixView } from './prefix-view.js';
import { seededDraw } from './seeded-draw.js';

export interface PickRequest {
  readonly requestId: string;
  readonly model: string;
  /** Absent when the prompt could not be tokenised. */
  readonly tokenIds?: Uint32Array;
  readonly promptTokens: number;
  readonly expectedOutputTokens: number;
  readonly cacheSalt?: string;
  /** Engines that failed this request already, with the reason. */
  readonly avoid?: ReadonlyMap<string, string>;
  /** Pool and target of the first attempt: a retry must not draw again. */
  readonly choice?: PoolChoice;
  /** Time spent waiting for an engine. */
  readonly waitedMs?: number;
  /** Nothing better will come: draining and unreachable engines count too. */
  readonly lastResort?: boolean;
}

export interface Picked {
  readonly kind: 'picked';
  readonly endpoint: FleetEndpoint;
  readonly choice: PoolChoice;
  /** For `LoadLedger.firstToken` and `done`. Clients may send one request id twice, so it is not that. */
  readonly reservationId: string;
  /** The policy asks for facts, and what the engine holds is a guess. */
  readonly guessed: boolean;
  /** What its answer tells is to be compared with; absent when the prompt has no keys. */
  readonly routed?: RoutedPrompt;
  readonly record: DecisionRecord;
}

/** What was thought of a prompt's prefix by where requests went, in keys of so many tokens. */
export interface RoutedPrompt {
  readonly prefix: RoutedPrefix;
  readonly tokensPerKey: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: NoPool['code'];
  /** Absent when there is no pool for the model. */
  readonly choice?: PoolChoice;
  readonly record: DecisionRecord;
}

export interface PickDependencies {
  readonly fleet: Fleet;
  readonly prefixes: PrefixView;
  readonly policies: PoolPolicies;
  readonly ledger: LoadLedger;
  readonly clock: Clock;
  readonly credits: TierCredits;
  readonly speculative: SpeculativeBlocks;
  /** Name of this replica. */
  readonly scheduler: string;
  /** Seed of tie-breaking and weighted draws. */
  readonly seed: number;
}

/**
 * Picks the engine of a request from what is in memory: pool and target model, who holds which prefix, load →
 * the pool's policy → the load is reserved before anything else runs. Never waits for anything.
 */
export class PickEndpoint {
  private ordinal = 0;
  private readonly keyMaker = new PrefixKeyMaker();

  constructor(private readonly deps: PickDependencies) {}

  /** Blocks whose keys were asked for since the start, and those of them that were not remembered. */
  get keyCounts(): { readonly blocks: number; readonly newBlocks: number } {
    return this.keyMaker.counts;
  }

  /** Pool and target of a model, drawn among weighted targets, for `PickRequest.choice`. */
  choose(model: string): PoolChoice | NoPool {
    const { fleet, seed } = this.deps;
    return choosePool(fleet, model, seededDraw(seed, this.ordinal++));
  }

  pick(request: PickRequest): Picked | Refused {
    const { fleet, prefixes, policies, ledger, clock, credits, speculative, seed } = this.deps;
    const nowMs = clock.nowMs();
    const ordinal = this.ordinal++;
    const choice = request.choice ?? choosePool(fleet, request.model, seededDraw(seed, ordinal));
    if ('code' in choice)
      return {
        kind: 'refused',
        code: choice.code,
        record: this.record(request, nowMs, { reason: choice.reason }),
      };

    const { pool, targetModel } = choice;
    const policy = policies.of(pool);
    const { requestId, model, promptTokens, tokenIds, cacheSalt, expectedOutputTokens, waitedMs } = request;
    const keys = tokenIds ? this.keyMaker.keys(pool, targetModel, tokenIds, cacheSalt) : undefined;
    const approximate = {
      index: policies.approximateOf(pool),
      keys: keys && approximateKeys(keys.first.keys, keys.first.blockSize),
    };
    speculative.confirm((engineId, block) => holds(prefixes, engineId, block), nowMs);
    const matched = matchedTokens(policy.prefixSource, pool, keys, prefixes, approximate, credits, (prompt) =>
      speculative.expected(prompt, nowMs),
    );
    const input: RoutingInput = {
      request: { requestId, model, promptTokens, ordinal, seed },
      endpoints: endpointViews(choice, ledger, request, nowMs),
      matchedTokens: matched.tokens,
    };
    const decision = policy.decide(input);
    const record = this.record(request, nowMs, {
      namespace: pool.namespace,
      pool: pool.name,
      targetModel,
      policy: decision.policy,
      leading: decision.leading,
      excluded: decision.excluded,
      metricsAgeMs: clampAge(oldestMetricsMs(input.endpoints)),
      reason: reasonOf(decision.reason, waitedMs, matched),
      ...(waitedMs === undefined ? {} : { waitedMs: Math.round(waitedMs) }),
      input,
    });
    const endpoint = pool.endpoints[decision.chosen];
    if (!endpoint) return { kind: 'refused', code: 'no_endpoint', choice, record };

    const { address, engineId, node } = endpoint;
    const match = matched.matches?.[decision.chosen];
    const blocks = keys?.of(endpoint);
    const cached = match && blocks && cachedByTier(match, blocks, pool, decision.chosen, prefixes);
    const ahead = matched.speculative?.get(decision.chosen) ?? 0;
    // What can be loaded is not computed, whatever it is worth to the policy.
    const tokens =
      match && blocks ? match.blocks * blocks.blockSize + ahead : (matched.tokens[decision.chosen] ?? 0);
    const held = Math.min(tokens, promptTokens);
    const reservationId = `${ordinal}:${requestId}`;
    ledger.reserve({
      requestId: reservationId,
      endpointId: address,
      atMs: nowMs,
      promptTokens,
      uncachedTokens: promptTokens - held,
      expectedOutputTokens,
    });
    const prefix = approximate.keys && approximate.index.add(address, approximate.keys);
    // Only facts end an expectation, so there is none where they do not come, or said all of it already.
    if (match && blocks && match.ownBlocks < blocks.keys.length) speculative.note(engineId, blocks, nowMs);
    const kvAgeMs = clampAge(prefixes.ageMs(engineId));
    const guessed = matched.approximate?.has(decision.chosen) ?? false;
    return {
      kind: 'picked',
      endpoint,
      choice,
      reservationId,
      guessed,
      ...(prefix && keys
        ? { routed: { prefix, tokensPerKey: tokensPerApproximateKey(keys.first.blockSize) } }
        : {}),
      record: {
        ...record,
        endpoint: address,
        engine: engineId,
        ...(node === undefined ? {} : { node }),
        matchedTokens: held,
        ...(ahead > 0 ? { speculativeTokens: ahead } : {}),
        ...cached,
        reason: `${record.reason}${tiersIn(cached, credits)}${aheadIn(ahead)}`,
        kvAgeMs,
        prefixSource: guessed ? 'approximate' : matched.source,
      },
    };
  }

  private record(request: PickRequest, timeMs: number, known: Partial<DecisionRecord>): DecisionRecord {
    return {
      requestId: request.requestId,
      timeMs,
      namespace: '',
      pool: '',
      model: request.model,
      targetModel: request.model,
      policy: '',
      endpoint: '',
      promptTokens: request.promptTokens,
      matchedTokens: 0,
      leading: [],
      excluded: {},
      metricsAgeMs: UNKNOWN_AGE_MS,
      kvAgeMs: UNKNOWN_AGE_MS,
      reason: '',
      scheduler: this.deps.scheduler,
      ...known,
    };
  }
}

/** Whether the engine holds a block wherever it stands in a prompt, as far as its events tell. */
function holds(prefixes: PrefixView, engineId: string, block: KeyList): boolean {
  const [match] = prefixes.match(block, [{ engineId, holders: [] }]);
  return match !== undefined && match.blocks > 0;
}

const clampAge = (ageMs: number | undefined): number =>
  Math.round(Math.min(ageMs ?? UNKNOWN_AGE_MS, UNKNOWN_AGE_MS));

/** The policy's reason, with what a reader of the record would not guess. */
function reasonOf(reason: string, waitedMs: number | undefined, { approximate }: MatchedTokens): string {
  const waited = waitedMs === undefined ? '' : `waited ${(waitedMs / 1000).toFixed(1)} s for an engine; `;
  const guessed =
    approximate === undefined
      ? ''
      : `; prefixes of ${approximate.size} engines without KV events are guesses`;
  return `${waited}${reason}${guessed}`;
}

/** What of the prefix is expected only. */
function aheadIn(tokens: number): string {
  return tokens === 0
    ? ''
    : `; ${tokens} of the matched tokens are not known to be there but were sent there a moment ago`;
}

/** What of the prefix is not on the GPU, and what it counted; nothing when all of it is. */
function tiersIn(cached: CachedByTier | undefined, credits: TierCredits): string {
  const { gpu = 0, ...slower } = cached?.matchedByTier ?? {};
  const parts = Object.entries(slower).map(
    ([tier, tokens]) => `${tokens} on ${tier} (counted ${credits[tier as keyof typeof slower]})`,
  );
  return parts.length === 0 ? '' : `; by tier ${gpu} tokens on gpu, ${parts.join(', ')}`;
}
