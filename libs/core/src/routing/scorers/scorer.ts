import type { RoutingInput } from '../types.js';

/** Judges the candidates of one decision. */
export interface Scorer {
  /** Short name that appears in decisions. */
  readonly name: string;
  /** Writes a score 0–1 (higher is better) to `out[i]` for the endpoint `candidates[i]`. */
  score(input: RoutingInput, candidates: readonly number[], out: Float64Array): void;
}
