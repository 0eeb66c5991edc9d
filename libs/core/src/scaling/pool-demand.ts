import type { EngineFacts } from './engine-facts.js';

/** Demand for one pool at one moment, merged from all scheduler replicas. Plain data: it goes into decision records. */
export interface PoolDemand {
  /** Scheduler replicas with a fresh report; 0 means nothing is known now. */
  readonly schedulers: number;
  /** Age of the newest report. */
  readonly reportAgeMs: number;
  /** Arrivals in the last interval of each replica. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly inFlight: number;
  readonly held: number;
  readonly heldTokens: number;
  /** Means over the last minutes; absent before any request. */
  readonly meanInputTokens?: number;
  readonly meanOutputTokens?: number;
  /** For how long nothing arrived, was under way or held, while somebody looked. */
  readonly idleForMs: number;
  /** Freshest usable facts of each engine, in the order of engine ids. */
  readonly engines: readonly EngineFacts[];
  /** Data left out of this view, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
