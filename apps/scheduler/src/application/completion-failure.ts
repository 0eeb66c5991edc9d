import type { DecisionRecord } from './decision-record.js';
import type { Refused } from './pick-endpoint.js';
import type { RelayOutcome } from './relay.js';
import type { WaitOutcome } from './wait-for-engine.js';

/** Why a completion could not be answered. */
export interface CompletionFailure {
  readonly code:
    | 'model_not_found'
    | 'no_endpoint'
    | 'waiting_room_full'
    | 'wait_timeout'
    | 'client_gone'
    | 'shutting_down'
    | 'engines_saturated'
    | 'engine_failed'
    | 'engine_timeout';
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** When to come back after a refusal that may pass by itself, in seconds. */
const RETRY_AFTER_SECONDS = 1;
/** The same where an engine has to start first: sooner nothing will have changed. */
const RETRY_AFTER_START_SECONDS = 5;

/** How a wait for an engine failed. */
export type WaitFailure = Exclude<WaitOutcome, 'released'>;

/** The failure of a request that no endpoint was picked for. */
export function refusalFailure({ code, record }: Refused): CompletionFailure {
  if (code === 'model_not_found') {
    const message = 'the model does not exist here; GET /v1/models lists those that do';
    return { code, status: 404, message };
  }
  return {
    code,
    status: 503,
    message: `no engine can take the request: ${record.reason}`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  };
}

/** The failure of a request after the last engine that was tried. */
export function failureOf(outcome: RelayOutcome & { kind: 'refused' }): CompletionFailure {
  const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  switch (outcome.reason) {
    case 'engine-busy':
      return {
        code: 'engines_saturated',
        status: 429,
        message: 'every engine that was tried is saturated; try again later',
        retryAfterSeconds,
      };
    case 'timed-out':
      return { code: 'engine_timeout', status: 504, message: 'the engine did not answer in time' };
    case 'engine-error':
      return {
        code: 'engine_failed',
        status: 502,
        message: `the engines that were tried failed (last with HTTP ${outcome.status})`,
      };
    default:
      return {
        code: 'no_endpoint',
        status: 503,
        message: 'none of the engines that were tried could be reached',
        retryAfterSeconds,
      };
  }
}

/** The failure of a request that waited for an engine, or was not let in to wait. */
export function waitFailureOf(how: WaitFailure, record: DecisionRecord): CompletionFailure {
  const pool = `${record.namespace}/${record.pool}`;
  const counts = Object.entries(record.excluded).map(([reason, count]) => `${count} ${reason}`);
  const engines = counts.length === 0 ? 'it has none' : counts.join(', ');
  const waited = ((record.waitedMs ?? 0) / 1000).toFixed(1);
  switch (how) {
    case 'full':
      return {
        code: 'waiting_room_full',
        status: 429,
        message: `no engine of pool ${pool} can take requests now (${engines}), and too many requests wait for one already`,
        retryAfterSeconds: RETRY_AFTER_START_SECONDS,
      };
    case 'timed-out':
      return {
        code: 'wait_timeout',
        status: 503,
        message: `waited ${waited} s for an engine of pool ${pool} that can take requests (${engines}); none came`,
        retryAfterSeconds: RETRY_AFTER_START_SECONDS,
      };
    case 'stopping':
      return {
        code: 'shutting_down',
        status: 503,
        message: 'this replica is stopping; try again',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      };
    case 'client-gone':
      return {
        code: 'client_gone',
        status: 499,
        message: `the client left after waiting ${waited} s for an engine of pool ${pool}`,
      };
  }
}
