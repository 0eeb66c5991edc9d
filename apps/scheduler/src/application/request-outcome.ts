import type { DecisionRecord } from './decision-record.js';

/** How a routed request ended. */
export interface RequestOutcome {
  readonly record: DecisionRecord;
  /** HTTP status given to the client; 499 when it left first. */
  readonly status: number;
  readonly outcome: 'ok' | 'client-abort' | 'engine-error' | 'engine-lost';
  /** From the request's arrival to the first byte of the answer; null when none came. */
  readonly ttftMs: number | null;
  readonly durationMs: number;
  readonly promptTokens: number;
  /** As the engine said; null when it did not. */
  readonly cachedTokens: number | null;
  readonly outputTokens: number;
}
