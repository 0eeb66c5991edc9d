import { randomUUID } from 'node:crypto';
import { CompletionClient, type CompletionOutcome } from './completion-client.js';
import { openLoop } from './open-loop.js';
import { ReplayRecorder, type ReplaySummary } from './summary.js';
import type { TraceRequest } from './trace.js';

export interface ReplayOptions {
  readonly frontDoor: string;
  readonly model: string;
  /** Trace time ÷ wall time; the engines run at the same speed. */
  readonly speed: number;
  readonly policy: string;
  /** Where the requests come from, for the summary. */
  readonly source: string;
  readonly requests: readonly TraceRequest[];
  /** JSON text of a request's prompt. */
  readonly writePrompt: (request: TraceRequest, ordinal: number) => string;
  /** Keeps what is cached for this run apart from what others cached, on every tier. */
  readonly cacheSalt?: string;
  readonly onOutcome?: (outcome: CompletionOutcome) => void;
  readonly onProgress?: (done: number, failed: number) => void;
  readonly signal?: AbortSignal;
}

/** A request that has not ended after this much virtual time counts as failed. */
const TIMEOUT_VIRTUAL_MS = 3_600_000;

/** Sends every request of a trace at its time and sums up what came back. */
export async function runReplay(options: ReplayOptions): Promise<ReplaySummary> {
  const recorder = new ReplayRecorder(options.speed);
  const timeoutMs = Math.max(60_000, TIMEOUT_VIRTUAL_MS / options.speed);
  const client = new CompletionClient(
    `${options.frontDoor}/v1/completions`,
    (gapMs, tokens) => recorder.gap(gapMs, tokens),
    timeoutMs,
  );
  const run = randomUUID().slice(0, 8);
  const startedAtMs = performance.now();
  try {
    await openLoop(
      options.requests,
      options.speed,
      async (request, ordinal) => {
        const body = completionBody(options, request, options.writePrompt(request, ordinal));
        const outcome = checked(await client.send(body, `replay-${run}-${ordinal}`), request);
        recorder.outcome(outcome);
        options.onOutcome?.(outcome);
        options.onProgress?.(recorder.done, recorder.failed);
      },
      options.signal,
    );
  } finally {
    await client.close();
  }
  const wallSeconds = (performance.now() - startedAtMs) / 1000;
  return recorder.summary({ policy: options.policy, source: options.source, wallSeconds });
}

function completionBody({ model, cacheSalt }: ReplayOptions, request: TraceRequest, prompt: string): string {
  const salt = cacheSalt === undefined ? '' : `"cache_salt":${JSON.stringify(cacheSalt)},`;
  return (
    `{"model":${JSON.stringify(model)},${salt}"stream":true,"stream_options":{"include_usage":true},` +
    `"ignore_eos":true,"max_tokens":${request.outputLength},"prompt":${prompt}}`
  );
}

/** An answer of another length than asked for is a failure, not a success. */
function checked<T extends { failure?: string; promptTokens: number; outputTokens: number }>(
  outcome: T,
  request: TraceRequest,
): T {
  if (outcome.failure !== undefined) return outcome;
  if (outcome.promptTokens !== request.inputLength || outcome.outputTokens !== request.outputLength) {
    const failure = 'token counts differ from the request';
    return {
      ...outcome,
      failure: `${failure}: ${outcome.promptTokens}+${outcome.outputTokens} for ${request.inputLength}+${request.outputLength}`,
    };
  }
  return outcome;
}
