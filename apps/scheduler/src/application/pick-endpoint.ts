import type { Clock } from '@penstock/core/ports';
import { approximateKeys, type LoadLedger, type RoutingInput } from '@penstock/core/routing';
import { choosePool, type NoPool, type PoolChoice } from './choose-pool.js';
import { type DecisionRecord, UNKNOWN_AGE_MS } from './decision-record.js';
import { endpointViews, oldestMetricsMs } from './endpoint-views.js';
import type { Fleet, FleetEndpoint } from './fleet.js';
import { matchedTokens } from './matched-tokens.js';
import type { PoolPolicies } from './pool-policies.js';
import { prefixKeys } from './prefix-keys.js';
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
}

export interface Picked {
  readonly kind: 'picked';
  readonly endpoint: FleetEndpoint;
  readonly choice: PoolChoice;
  /** For `LoadLedger.firstToken` and `done`. Clients may send one request id twice, so it is not that. */
  readonly reservationId: string;
  readonly record: DecisionRecord;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: NoPool['code'];
  readonly record: DecisionRecord;
}

export interface PickDependencies {
  readonly fleet: Fleet;
  readonly prefixes: PrefixView;
  readonly policies: PoolPolicies;
  readonly ledger: LoadLedger;
  readonly clock: Clock;
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

  constructor(private readonly deps: PickDependencies) {}

  pick(request: PickRequest): Picked | Refused {
    const { fleet, prefixes, policies, ledger, clock, seed } = this.deps;
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
    const { requestId, model, promptTokens, tokenIds, cacheSalt, expectedOutputTokens, avoid } = request;
    const keys = tokenIds ? prefixKeys(pool, targetModel, tokenIds, cacheSalt) : undefined;
    const approximate = {
      index: policies.approximateOf(pool),
      keys: keys && approximateKeys(keys.keys, keys.blockSize),
    };
    const input: RoutingInput = {
      request: { requestId, model, promptTokens, ordinal, seed },
      endpoints: endpointViews(choice, ledger, avoid, nowMs),
      matchedTokens: matchedTokens(policy.prefixSource, pool, keys, prefixes, approximate),
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
      reason: decision.reason,
      input,
    });
    const endpoint = pool.endpoints[decision.chosen];
    if (!endpoint) return { kind: 'refused', code: 'no_endpoint', record };

    const { address, engineId } = endpoint;
    const matched = Math.min(input.matchedTokens[decision.chosen] ?? 0, promptTokens);
    const reservationId = `${ordinal}:${requestId}`;
    ledger.reserve({
      requestId: reservationId,
      endpointId: address,
      atMs: nowMs,
      promptTokens,
      uncachedTokens: promptTokens - matched,
      expectedOutputTokens,
    });
    if (approximate.keys) approximate.index.add(address, approximate.keys);
    const kvAgeMs = clampAge(prefixes.ageMs(engineId));
    return {
      kind: 'picked',
      endpoint,
      choice,
      reservationId,
      record: { ...record, endpoint: address, matchedTokens: matched, kvAgeMs },
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

const clampAge = (ageMs: number | undefined): number =>
  Math.round(Math.min(ageMs ?? UNKNOWN_AGE_MS, UNKNOWN_AGE_MS));
