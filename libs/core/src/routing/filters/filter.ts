import type { RoutingInput } from '../types.js';

/** Narrows the candidates of one decision. Never returns none when it was given some. */
export interface Filter {
  readonly name: string;
  /** Indices into `endpoints` to keep, in order. */
  keep(input: RoutingInput, candidates: readonly number[]): readonly number[];
}
