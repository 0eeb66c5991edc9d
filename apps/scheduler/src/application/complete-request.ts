import type { LoadLedger } from '@penstock/core/routing';
import type { SchedulerMetrics } from '../metrics.js';
import type { AdmitRequest } from './admit-request.js';
import { type CompletionFailure, failureOf, refusalFailure, waitFailureOf } from './completion-failure.js';
import type { CompletionRequest } from './completion-request.js';
import type { DecisionRecord } from './decision-record.js';
import type { DemandTally } from './demand-tally.js';
import type { Fleet } from './fleet.js';
import type { Picked, Refused } from './pick-endpoint.js';
import type { PoolPolicies } from './pool-policies.js';
import { readUsage } from './read-usage.js';
import type { Relay, RelayOutcome, RelaySink } from './relay.js';
import type { ReportDecision } from './report-decision.js';
import type { RequestCourse } from './request-course.js';
import type { RequestOutcome } from './request-outcome.js';
import { rewriteModel } from './rewrite-model.js';
import type { TokenizePrompt } from './tokenize-prompt.js';
import { tokenizeTarget } from './tokenizing/tokenize-target.js';

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
  readonly admission: AdmitRequest;
  readonly tokenizer: TokenizePrompt;
  readonly relay: Relay;
  readonly fleet: Fleet;
  readonly ledger: LoadLedger;
  readonly report: ReportDecision;
  readonly demand: DemandTally;
  readonly policies: PoolPolicies;
  readonly metrics: SchedulerMetrics;
  readonly maxAttempts: number;
}

/** Carries a completion to an engine and its answer back; tries another engine until the first byte was delivered. */
export class CompleteRequest {
  constructor(private readonly deps: CompletionDependencies) {}

  /** Resolves when the answer is complete; a failure means that nothing was written to it. */
  async run(call: CompletionCall, answer: CompletionAnswer): Promise<CompletionFailure | undefined> {
    const { admission, report, metrics, maxAttempts } = this.deps;
    const { requestId, request, body, signal } = call;
    const course: RequestCourse = {
      requestId,
      request,
      ...(await this.tokenized(call)),
      bodyBytes: body.length,
      signal,
      avoid: new Map(),
      counted: false,
    };
    const line = admission.standInLine(course);
    if (line) await line;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      let picked: Picked | Refused | 'retry' = admission.pick(course);
      if (picked.kind === 'refused' && course.last?.outcome.reason === 'closed-early') {
        // A kept-alive connection may close just as a request is sent; where there is no other engine, the same may answer.
        course.avoid.clear();
        picked = admission.pick(course);
      }
      if (picked.kind === 'refused') picked = await admission.insist(course, picked);
      if (picked === 'retry') {
        attempt = 0;
        continue;
      }
      if (picked.kind === 'refused') return this.refuse(call, picked, course);
      course.choice = picked.choice;
      report.decided(picked.record, call.traceparent);
      answer.decided(picked.record);
      const outcome = await this.attempt(call, picked, answer, course);
      if (outcome.kind !== 'refused') return this.finish(call, picked, outcome, answer);
      course.last = { picked, outcome };
      course.avoid.set(picked.endpoint.address, outcome.reason);
      metrics.retried(picked.record, outcome.reason);
      if (outcome.reason === 'connect-failed') this.deps.fleet.reportUnreachable(picked.endpoint.address);
      if (outcome.reason === 'timed-out') break;
    }
    if (!course.last) throw new Error('maxAttempts must be at least 1');
    return this.giveUp(call, course, course.last);
  }

  /** The prompt in the tokens of the pool and model that it is for. */
  private async tokenized({
    request,
    signal,
  }: CompletionCall): Promise<Pick<RequestCourse, 'prompt' | 'choice'>> {
    const { admission, tokenizer, fleet } = this.deps;
    // Token ids are what they are in every pool.
    const choice = request.prompt.kind === 'tokens' ? undefined : admission.choose(request.model);
    if (!choice) return { prompt: await tokenizer.tokenize(request.prompt) };
    const { targetModel, pool } = choice;
    const prompt = await tokenizer.tokenize(request.prompt, tokenizeTarget(fleet, choice), signal);
    // The pool as it is now: tokenising may have taken a while.
    return { prompt, choice: { targetModel, pool: fleet.pool(pool.namespace, pool.name) ?? pool } };
  }

  /** No engine, or no further one, for the request. */
  private refuse(
    call: CompletionCall,
    refused: Refused,
    course: RequestCourse,
  ): CompletionFailure | undefined {
    if (course.last) return this.giveUp(call, course, course.last);
    const { record } = refused;
    const { waitFailure } = course;
    const failure = waitFailure === undefined ? refusalFailure(refused) : waitFailureOf(waitFailure, record);
    const reason = waitFailure === undefined ? record.reason : failure.message;
    this.deps.report.rejected({ ...record, reason }, failure.status, call.traceparent);
    this.deps.metrics.refused(failure.code);
    if (record.pool !== '') this.deps.admission.count(course, record);
    return waitFailure === 'client-gone' ? undefined : failure;
  }

  /** No answer after the last engine that was tried. */
  private giveUp(
    call: CompletionCall,
    { waitFailure, waitedMs }: RequestCourse,
    { picked, outcome }: NonNullable<RequestCourse['last']>,
  ): CompletionFailure | undefined {
    const gone = waitFailure === 'client-gone';
    const failure =
      waitFailure === undefined
        ? failureOf(outcome)
        : waitFailureOf(waitFailure, { ...picked.record, waitedMs });
    this.complete(call, { picked, status: failure.status, outcome: gone ? 'client-abort' : 'engine-error' });
    return gone ? undefined : failure;
  }

  private async attempt(
    call: CompletionCall,
    picked: Picked,
    answer: CompletionAnswer,
    course: RequestCourse,
  ): Promise<RelayOutcome> {
    const { admission, relay, ledger, demand, metrics } = this.deps;
    const { record, reservationId, endpoint } = picked;
    const { namespace, pool, targetModel } = record;
    admission.count(course, record);
    if (!course.last) demand.sent(namespace, pool, targetModel);
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

  /** What the engine had cached tells whether guesses about it are right. */
  private learn({ routed, choice, endpoint, record }: Picked, cachedTokens: number): void {
    if (!routed) return;
    const guesses = this.deps.policies.approximateOf(choice.pool);
    const cachedKeys = Math.floor(cachedTokens / routed.tokensPerKey);
    const wasRight = guesses.learn(endpoint.address, routed.prefix, cachedKeys);
    if (record.prefixSource === 'approximate') this.deps.metrics.guessed(record, wasRight);
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
    if (usage.cachedTokens !== undefined) this.learn(end.picked, usage.cachedTokens);
    metrics.completed(outcome, call.request.stream);
    report.completed(outcome, call.traceparent);
  }
}
