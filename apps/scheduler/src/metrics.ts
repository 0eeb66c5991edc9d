import { BoundedLabel } from '@penstock/platform';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DecisionRecord } from './application/decision-record.js';
import type { Picked, Refused } from './application/pick-endpoint.js';
import type { RequestOutcome } from './application/request-outcome.js';
import type { WaitOutcome } from './application/wait-for-engine.js';
import { type ObservedSources, observeSources } from './observed-metrics.js';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150, 300];
const WAIT_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const DECISION_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];
const HIT_TOKENS = [0, 64, 256, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
const TOKENIZE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];
const TOKENS = [1, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

/**
 * Every metric of the scheduler, declared once. `llm_d_epp_*` are the names that llm-d's dashboards read; only
 * those whose meaning is the same are there.
 */
export class SchedulerMetrics {
  /** Client-chosen names must not grow the label set without end. */
  private readonly models = new BoundedLabel(1000);
  private readonly shownPolicies = new Map<string, string>();

  constructor(private readonly registry: Registry) {}

  private counter<L extends string>(name: string, help: string, labelNames: L[]) {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
  private gauge<L extends string>(name: string, help: string, labelNames: L[]) {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
  private histogram<L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  private readonly requests = this.counter(
    'penstock_scheduler_requests_total',
    'Completions answered, by HTTP status',
    ['pool', 'model', 'status'],
  );
  private readonly outcomes = this.counter(
    'penstock_scheduler_outcomes_total',
    'Routed completions by how they ended',
    ['pool', 'outcome'],
  );
  private readonly refusals = this.counter(
    'penstock_scheduler_rejected_total',
    'Completions refused before they reached an engine',
    ['reason'],
  );
  private readonly waits = this.counter(
    'penstock_scheduler_waits_total',
    'Requests that found no engine of a pool and asked to wait for one, by how that ended',
    ['pool', 'outcome'],
  );
  private readonly waitSeconds = this.histogram(
    'penstock_scheduler_wait_duration_seconds',
    'Time that requests waited for an engine of a pool',
    ['pool'],
    WAIT_SECONDS,
  );
  private readonly guessedPrefixes = this.counter(
    'penstock_scheduler_approximate_fallback_total',
    'Engines picked by a guess of what they hold because their KV events do not come',
    ['pool'],
  );
  private readonly guesses = this.counter(
    'penstock_scheduler_prefix_guesses_total',
    'Guesses of what an engine without KV events holds, by whether its answer had as many cached tokens',
    ['pool', 'outcome'],
  );
  private readonly speculativeTokens = this.counter(
    'penstock_scheduler_speculative_tokens_total',
    'Prompt tokens that the picked engine was expected to hold soon because they had just been sent to it',
    ['pool'],
  );
  private readonly statusWrites = this.counter(
    'penstock_scheduler_status_writes_total',
    'Statuses of pools and models written to the cluster, by result',
    ['kind', 'result'],
  );
  private readonly demandDrops = this.counter(
    'penstock_scheduler_uncounted_demand_total',
    'Requests missing from demand.reported because too many pools and models are counted',
    [],
  );
  private readonly badRequests = this.counter(
    'penstock_scheduler_bad_requests_total',
    'Requests refused for their form',
    ['code'],
  );
  private readonly retries = this.counter(
    'penstock_scheduler_retries_total',
    'Attempts that failed before the first byte',
    ['pool', 'reason'],
  );
  private readonly decisions = this.counter('penstock_scheduler_decisions_total', 'Endpoints picked', [
    'pool',
    'policy',
  ]);
  private readonly decisionSeconds = this.histogram(
    'penstock_scheduler_decision_duration_seconds',
    'Time to pick an endpoint, tokenising not included',
    [],
    DECISION_SECONDS,
  );
  private readonly ttft = this.histogram(
    'penstock_scheduler_time_to_first_token_seconds',
    'Arrival to first byte of the answer',
    ['pool'],
    SECONDS,
  );
  private readonly promptTokens = this.counter(
    'penstock_scheduler_prompt_tokens_total',
    'Prompt tokens routed',
    ['pool'],
  );
  private readonly matchedTokens = this.counter(
    'penstock_scheduler_prefix_hit_tokens_total',
    'Prompt tokens that the picked engine was known to hold or to be able to load',
    ['pool'],
  );
  private readonly tierTokens = this.counter(
    'penstock_scheduler_prefix_hit_tier_tokens_total',
    'Prompt tokens that the picked engine was promised from its KV events and its storage, by tier',
    ['pool', 'tier'],
  );
  private readonly cachedTokens = this.counter(
    'penstock_scheduler_cached_tokens_total',
    'Prompt tokens that engines reported as cached',
    ['pool'],
  );
  private readonly hitDepth = this.histogram(
    'penstock_scheduler_prefix_hit_depth_tokens',
    'Prompt tokens that the picked engine was known to hold or to be able to load, per request',
    ['pool'],
    HIT_TOKENS,
  );
  private readonly promises = this.counter(
    'penstock_scheduler_promised_tokens_total',
    'Cached prompt tokens: promised by KV events and found by the engine (kept), promised and not found (broken), found and not promised (unexpected)',
    ['pool', 'outcome'],
  );
  private readonly outputTokens = this.counter(
    'penstock_scheduler_output_tokens_total',
    'Output tokens delivered',
    ['pool'],
  );
  private readonly inFlight = this.gauge(
    'penstock_scheduler_in_flight_requests',
    'Completions at engines now',
    ['pool'],
  );
  private readonly policy = this.gauge(
    'penstock_scheduler_pool_policy',
    'Always 1; the label says which routing policy the pool uses',
    ['pool', 'policy'],
  );
  private readonly refusedPolicies = this.counter(
    'penstock_scheduler_unknown_policy_total',
    'Pool annotations that name no routing policy',
    ['pool'],
  );
  private readonly tokenizeFailures = this.counter(
    'penstock_scheduler_tokenize_failures_total',
    'Prompts routed without a known prefix because they could not be tokenised, by cause',
    ['cause'],
  );
  private readonly tokenizeSeconds = this.histogram(
    'penstock_scheduler_tokenize_duration_seconds',
    'Time to turn a prompt into tokens: in the event loop (here), by a thread, or by an engine',
    ['by'],
    TOKENIZE_SECONDS,
  );
  private readonly tokenizeFallbacks = this.counter(
    'penstock_scheduler_tokenize_fallback_total',
    'Prompts that an engine was asked to tokenise: there is no tokenizer here, it differs from the engine, or it failed',
    ['cause'],
  );
  private readonly tokenizerLoads = this.counter(
    'penstock_scheduler_tokenizer_loads_total',
    'Tokenizers loaded, at first and after their files changed, by result',
    ['model', 'result'],
  );
  private readonly probeFailures = this.counter(
    'penstock_scheduler_engine_probe_failures_total',
    'Engines that did not say their load or models',
    ['what'],
  );
  private readonly kvUpdates = this.counter(
    'penstock_scheduler_kv_updates_total',
    'Updates of the KV view by what they did',
    ['type', 'outcome'],
  );

  private readonly eppRequests = this.counter('llm_d_epp_request_total', 'Requests by model', [
    'model_name',
    'target_model_name',
  ]);
  private readonly eppErrors = this.counter('llm_d_epp_request_error_total', 'Requests that failed', [
    'model_name',
    'target_model_name',
    'error_code',
  ]);
  private readonly eppDuration = this.histogram(
    'llm_d_epp_request_duration_seconds',
    'Arrival to end of the answer',
    ['model_name', 'target_model_name'],
    SECONDS,
  );
  private readonly eppTtft = this.histogram(
    'llm_d_epp_request_ttft_seconds',
    'Arrival to first token of streamed answers',
    ['model_name', 'target_model_name'],
    SECONDS,
  );
  private readonly eppInput = this.histogram(
    'llm_d_epp_request_input_tokens',
    'Prompt tokens',
    ['model_name', 'target_model_name'],
    TOKENS,
  );
  private readonly eppOutput = this.histogram(
    'llm_d_epp_request_output_tokens',
    'Output tokens',
    ['model_name', 'target_model_name'],
    TOKENS,
  );
  private readonly eppCached = this.histogram(
    'llm_d_epp_request_cached_tokens',
    'Prompt tokens reported as cached',
    ['model_name', 'target_model_name'],
    TOKENS,
  );
  private readonly eppRunning = this.gauge('llm_d_epp_request_running', 'Requests at engines now', [
    'model_name',
  ]);
  private readonly eppScheduler = this.histogram(
    'llm_d_epp_scheduler_e2e_duration_seconds',
    'Time to pick an endpoint',
    [],
    DECISION_SECONDS,
  );

  decided(pick: Picked | Refused, durationMs: number): void {
    this.decisionSeconds.observe(durationMs / 1000);
    this.eppScheduler.observe(durationMs / 1000);
    if (pick.kind === 'refused') return;
    const { record } = pick;
    if (pick.guessed) this.guessedPrefixes.inc({ pool: poolOf(record) });
    this.decisions.inc({ pool: poolOf(record), policy: record.policy });
    this.promptTokens.inc({ pool: poolOf(record) }, record.promptTokens);
    const { speculativeTokens = 0 } = record;
    const known = Math.max(0, record.matchedTokens - speculativeTokens);
    this.matchedTokens.inc({ pool: poolOf(record) }, known);
    this.hitDepth.observe({ pool: poolOf(record) }, known);
    this.speculativeTokens.inc({ pool: poolOf(record) }, speculativeTokens);
    for (const [tier, tokens] of Object.entries(record.matchedByTier ?? {}))
      this.tierTokens.inc({ pool: poolOf(record), tier }, tokens);
  }

  /** A completion was refused before it reached an engine. */
  refused(code: string): void {
    this.refusals.inc({ reason: code });
  }

  waited(pool: string, outcome: WaitOutcome, waitedMs: number): void {
    this.waits.inc({ pool, outcome });
    this.waitSeconds.observe({ pool }, waitedMs / 1000);
  }

  wroteStatus(kind: string, result: 'written' | 'conflict' | 'failed'): void {
    this.statusWrites.inc({ kind, result });
  }

  sent(record: DecisionRecord): void {
    this.inFlight.inc({ pool: poolOf(record) });
    this.eppRunning.inc({ model_name: this.models.of(record.model) });
  }

  returned(record: DecisionRecord): void {
    this.inFlight.dec({ pool: poolOf(record) });
    this.eppRunning.dec({ model_name: this.models.of(record.model) });
  }

  retried(record: DecisionRecord, reason: string): void {
    this.retries.inc({ pool: poolOf(record), reason });
  }

  completed(outcome: RequestOutcome, stream: boolean): void {
    const { record, status, ttftMs, durationMs } = outcome;
    const pool = poolOf(record);
    const model = this.models.of(record.model);
    const names = { model_name: model, target_model_name: this.models.of(record.targetModel) };
    this.requests.inc({ pool, model, status: String(status) });
    this.outcomes.inc({ pool, outcome: outcome.outcome });
    this.outputTokens.inc({ pool }, outcome.outputTokens);
    this.eppRequests.inc(names);
    this.eppDuration.observe(names, durationMs / 1000);
    this.eppInput.observe(names, outcome.promptTokens);
    this.eppOutput.observe(names, outcome.outputTokens);
    if (outcome.outcome !== 'ok') this.eppErrors.inc({ ...names, error_code: String(status) });
    if (ttftMs !== null) {
      this.ttft.observe({ pool }, ttftMs / 1000);
      if (stream) this.eppTtft.observe(names, ttftMs / 1000);
    }
    if (outcome.cachedTokens !== null) {
      this.cachedTokens.inc({ pool }, outcome.cachedTokens);
      this.compare(pool, record, outcome.cachedTokens);
      this.eppCached.observe(names, outcome.cachedTokens);
    }
  }

  /** What KV events promised of the picked engine, with what the engine then had. */
  private compare(pool: string, { matchedByTier }: DecisionRecord, delivered: number): void {
    if (!matchedByTier) return;
    const promised = Object.values(matchedByTier).reduce((sum, tokens) => sum + tokens, 0);
    this.promises.inc({ pool, outcome: 'kept' }, Math.min(promised, delivered));
    this.promises.inc({ pool, outcome: 'broken' }, Math.max(0, promised - delivered));
    this.promises.inc({ pool, outcome: 'unexpected' }, Math.max(0, delivered - promised));
  }

  /** An answer told whether the guess by which its engine was picked was right. */
  guessed(record: DecisionRecord, wasRight: boolean): void {
    this.guesses.inc({ pool: poolOf(record), outcome: wasRight ? 'right' : 'too-much' });
  }

  demandDropped(): void {
    this.demandDrops.inc();
  }

  badRequest(code: string): void {
    this.badRequests.inc({ code });
  }

  tokenizeFailed(cause: string): void {
    this.tokenizeFailures.inc({ cause });
  }

  tokenized(by: 'here' | 'thread' | 'engine', durationMs: number): void {
    this.tokenizeSeconds.observe({ by }, durationMs / 1000);
  }

  tokenizerReplaced(cause: string): void {
    this.tokenizeFallbacks.inc({ cause });
  }

  tokenizerLoaded(model: string, result: 'loaded' | 'failed'): void {
    this.tokenizerLoads.inc({ model: this.models.of(model), result });
  }

  probeFailed(what: string): void {
    this.probeFailures.inc({ what });
  }

  kvUpdated(type: string, outcome: string, count = 1): void {
    this.kvUpdates.inc({ type, outcome }, count);
  }

  /** Figures that are read when somebody asks for the metrics. */
  observe(sources: ObservedSources): void {
    observeSources(this.registry, sources);
  }

  usesPolicy(pool: string, policy: string, refused: boolean): void {
    const before = this.shownPolicies.get(pool);
    if (before !== undefined) this.policy.remove({ pool, policy: before });
    this.shownPolicies.set(pool, policy);
    this.policy.set({ pool, policy }, 1);
    if (refused) this.refusedPolicies.inc({ pool });
  }
}

const poolOf = (record: DecisionRecord): string => (record.pool ? `${record.namespace}/${record.pool}` : '');
