import type { LoadLedger } from '@penstock/core/routing';
import type { SchedulerMetrics } from '../metrics.js';
import type { PoolChoice } from './choose-pool.js';
import { type CompletionFailure, failureOf, refusalFailure } from './completion-failure.js';
import type { CompletionRequest } from './completion-request.js';
import type { DecisionRecord } from './decision-record.js';
import type { DemandTally } from './demand-tally.js';
import type { Fleet } from './fleet.js';
import type { PickEndpoint, Picked, Refused } from './pick-endpoint.js';
import { readUsage } from './read-usage.js';
import type { Relay, RelayOutcome, RelaySink } from './relay.js';
import type { ReportDecision } from './report-decision.js';
import type { RequestOutcome } from './request-outcome.js';
import { rewriteModel } from './rewrite-model.js';
import type { TokenizedPrompt, TokenizePrompt } from './tokenize-prompt.js';

/** A request as the front door hands it in. */
export interface CompletionCall {
  readonly requestId: string;
  readonly traceparent: string;
  /** On the engine, e.g. `/v1/completions`. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly request: CompletionRequest;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** `performance.now()` at arrival. */
  readonly arrivedAtMs: number;
}

/** The client's side of a completion. */
export interface CompletionAnswer extends RelaySink {
  /** Called before every attempt. */
  decided(record: DecisionRecord): void;
  /** All bytes were written. */
  end(): void;
  /** The engine went away in the middle: what was promised cannot be kept. */
  breakOff(eventStream: boolean): void;
}

export interface CompletionDependencies {
  readonly picker: PickEndpoint;
  readonly tokenizer: TokenizePrompt;
  readonly relay: Relay;
  readonly fleet: Fleet;
  readonly ledger: LoadLedger;
  readonly report: ReportDecision;
  readonly demand: DemandTally;
  readonly metrics: SchedulerMetrics;
  readonly maxAttempts: number;
  /** Output length to plan with when the client gave none, in tokens. */
  readonly assumedOutputTokens: number;
}

/** Carries a completion to an engine and its answer back; tries another engine until the first byte was delivered. */
export class CompleteRequest {
  constructor(private readonly deps: CompletionDependencies) {}

  /** Resolves when the answer is complete; a failure means that nothing was written to it. */
  async run(call: CompletionCall, answer: CompletionAnswer): Promise<CompletionFailure | undefined> {
    const { tokenizer, report, metrics, maxAttempts } = this.deps;
    const prompt = tokenizer.tokenize(call.request.prompt);
    const avoid = new Map<string, string>();
    let choice: PoolChoice | undefined;
    let last: { picked: Picked; outcome: RelayOutcome & { kind: 'refused' } } | undefined;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      let picked = this.pick(call, prompt, avoid, choice);
      if (picked.kind === 'refused' && last?.outcome.reason === 'closed-early') {
        // A kept-alive connection may close just as a request is sent; where there is no other engine, the same may answer.
        avoid.clear();
        picked = this.pick(call, prompt, avoid, choice);
      }
      if (picked.kind === 'refused') {
        if (last) break;
        const failure = refusalFailure(picked);
        report.rejected(picked.record, failure.status, call.traceparent);
        this.countRefused(picked.record);
        return failure;
      }
      choice = picked.choice;
      report.decided(picked.record, call.traceparent);
      answer.decided(picked.record);
      const outcome = await this.attempt(call, picked, answer, attempt);
      if (outcome.kind !== 'refused') return this.finish(call, picked, outcome, answer);
      last = { picked, outcome };
      avoid.set(picked.endpoint.address, outcome.reason);
      metrics.retried(picked.record, outcome.reason);
      if (outcome.reason === 'connect-failed') this.deps.fleet.reportUnreachable(picked.endpoint.address);
      if (outcome.reason === 'timed-out') break;
    }
    if (!last) throw new Error('maxAttempts must be at least 1');
    const failure = failureOf(last.outcome);
    this.complete(call, { picked: last.picked, status: failure.status, outcome: 'engine-error' });
    return failure;
  }

  private pick(
    { request, requestId }: CompletionCall,
    prompt: TokenizedPrompt,
    avoid: ReadonlyMap<string, string>,
    choice: PoolChoice | undefined,
  ): Picked | Refused {
    const { picker, metrics, assumedOutputTokens } = this.deps;
    const startedAtMs = performance.now();
    const picked = picker.pick({
      requestId,
      model: request.model,
      promptTokens: prompt.tokens + request.furtherPromptTokens,
      expectedOutputTokens: Math.min(request.maxTokens ?? assumedOutputTokens, assumedOutputTokens),
      avoid,
      ...(prompt.tokenIds ? { tokenIds: prompt.tokenIds } : {}),
      ...(request.cacheSalt ? { cacheSalt: request.cacheSalt } : {}),
      ...(choice ? { choice } : {}),
    });
    metrics.decided(picked, performance.now() - startedAtMs);
    return picked;
  }

  /** A request that found no engine is demand all the same: it is what a pool is scaled up from zero for. */
  private countRefused({ namespace, pool, targetModel, promptTokens }: DecisionRecord): void {
    if (pool === '') return;
    this.deps.demand.arrived(namespace, pool, targetModel, promptTokens, promptTokens);
    this.deps.demand.ended(namespace, pool, targetModel, 0);
  }

  private async attempt(
    call: CompletionCall,
    picked: Picked,
    answer: CompletionAnswer,
    attempt: number,
  ): Promise<RelayOutcome> {
    const { relay, ledger, demand, metrics } = this.deps;
    const { record, reservationId, endpoint } = picked;
    const { namespace, pool, targetModel, promptTokens, matchedTokens } = record;
    if (attempt === 1)
      demand.arrived(namespace, pool, targetModel, promptTokens, promptTokens - matchedTokens);
    metrics.sent(record);
    const sink: RelaySink = {
      start: (status, headers) => {
        ledger.firstToken(reservationId);
        answer.start(status, headers);
      },
      write: (chunk) => answer.write(chunk),
      onDrain: (resume) => answer.onDrain(resume),
    };
    try {
      const { request, path, headers, signal } = call;
      const body = rewriteModel(call.body, request.modelSpan, request.model, targetModel);
      return await relay.relay({ address: endpoint.address, path, headers, body, signal }, sink);
    } finally {
      ledger.done(reservationId);
      metrics.returned(record);
    }
  }

  private finish(
    call: CompletionCall,
    picked: Picked,
    outcome: Exclude<RelayOutcome, { kind: 'refused' }>,
    answer: CompletionAnswer,
  ): undefined {
    if (outcome.kind === 'answered') {
      answer.end();
      const ok = outcome.status < 400;
      this.complete(call, {
        picked,
        relayed: outcome,
        status: outcome.status,
        outcome: ok ? 'ok' : 'engine-error',
      });
    } else if (outcome.kind === 'lost') {
      answer.breakOff(outcome.eventStream);
      this.complete(call, { picked, relayed: outcome, status: outcome.status, outcome: 'engine-lost' });
    } else {
      this.complete(call, { picked, relayed: outcome, status: 499, outcome: 'client-abort' });
    }
    return undefined;
  }

  private complete(
    call: CompletionCall,
    end: {
      picked: Picked;
      relayed?: Exclude<RelayOutcome, { kind: 'refused' }>;
      status: number;
      outcome: RequestOutcome['outcome'];
    },
  ): void {
    const { demand, report, metrics } = this.deps;
    const { record } = end.picked;
    const observed = end.relayed?.observed;
    const usage = observed ? readUsage(observed) : {};
    const durationMs = performance.now() - call.arrivedAtMs;
    const outcome: RequestOutcome = {
      record,
      status: end.status,
      outcome: end.outcome,
      ttftMs: observed?.firstByteAtMs === undefined ? null : observed.firstByteAtMs - call.arrivedAtMs,
      durationMs,
      promptTokens: usage.promptTokens ?? record.promptTokens,
      cachedTokens: usage.cachedTokens ?? null,
      outputTokens: usage.outputTokens ?? 0,
    };
    demand.ended(record.namespace, record.pool, record.targetModel, outcome.outputTokens);
    metrics.completed(outcome, call.request.stream);
    report.completed(outcome, call.traceparent);
  }
}
