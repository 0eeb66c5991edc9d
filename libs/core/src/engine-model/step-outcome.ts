import type { CacheEvent } from './cache-event.js';
import type { EngineRequest } from './engine-request.js';

/** What a completed step made visible. */
export interface StepOutcome<R extends EngineRequest = EngineRequest> {
  /** Tokens generated in this step: one for each emitting request. */
  readonly tokenCount: number;
  /** Requests whose first token this is. */
  readonly started: readonly R[];
  /** Requests whose first token after a preemption this is. */
  readonly resumed: readonly R[];
  /** Requests whose last token this is; they have left the engine. */
  readonly finished: readonly R[];
  /** Requests that lost their blocks and wait again. */
  readonly preempted: readonly R[];
  /** Cache changes in the order in which they happened, published after the forward pass as vLLM does. */
  readonly cacheEvents: readonly CacheEvent<R>[];
  /** Calls back for every token of the step. Valid until the next `beginStep`, `abort` or `enqueue`. */
  forEachToken(visit: (request: R, outputIndex: number) => void): void;
}
