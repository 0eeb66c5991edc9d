import type { PoolChoice } from './choose-pool.js';
import type { WaitFailure } from './completion-failure.js';
import type { CompletionRequest } from './completion-request.js';
import type { Picked } from './pick-endpoint.js';
import type { RelayOutcome } from './relay.js';
import type { TokenizedPrompt } from './tokenize-prompt.js';

/** A request on its way to an engine, and what happened to it so far. */
export interface RequestCourse {
  readonly requestId: string;
  readonly request: CompletionRequest;
  readonly prompt: TokenizedPrompt;
  readonly bodyBytes: number;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Engines that failed it, with the reason. */
  readonly avoid: Map<string, string>;
  choice?: PoolChoice;
  /** The last engine that was tried, and failed. */
  last?: { readonly picked: Picked; readonly outcome: RelayOutcome & { kind: 'refused' } };
  /** When it first began to wait for an engine, by the clock. */
  waitingSinceMs?: number;
  waitedMs?: number;
  /** How waiting for an engine failed: it does not wait again. */
  waitFailure?: WaitFailure;
  /** Counted as demand. */
  counted: boolean;
}
