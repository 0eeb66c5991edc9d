import type { EngineFacts } from './engine-facts.js';

/** What one scheduler replica saw of one pool and model over its last interval. */
export interface DemandReport {
  readonly scheduler: string;
  readonly namespace: string;
  readonly pool: string;
  readonly model: string;
  /** Length of the interval. */
  readonly intervalMs: number;
  /** Requests that arrived in it, whatever became of them. */
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Requests under way at its end. */
  readonly inFlight: number;
  /** Requests that wait for an engine to exist, and their prompt tokens. */
  readonly held: number;
  readonly heldTokens: number;
  /** Absent where the publisher does not say. */
  readonly engines?: readonly EngineFacts[];
}
