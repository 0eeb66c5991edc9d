import type { EndpointView, RoutingInput } from '../types.js';

/** (max − v) ÷ (max − min) over the candidates: 1 for the least loaded, 0 for the most, 1 for all when equal. */
export function spread(
  input: RoutingInput,
  candidates: readonly number[],
  out: Float64Array,
  value: (endpoint: EndpointView) => number,
): void {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < candidates.length; i++) {
    const v = value(input.endpoints[candidates[i]!]!);
    out[i] = v;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  for (let i = 0; i < candidates.length; i++) out[i] = max === min ? 1 : (max - out[i]!) / (max - min);
}
