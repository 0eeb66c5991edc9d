import type { Refused } from './pick-endpoint.js';
import type { RelayOutcome } from './relay.js';

/** Why a completion could not be answered. */
export interface CompletionFailure {
  readonly code: 'model_not_found' | 'no_endpoint' | 'engines_saturated' | 'engine_failed' | 'engine_timeout';
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** When to come back after a refusal that may pass by itself, in seconds. */
const RETRY_AFTER_SECONDS = 1;

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
