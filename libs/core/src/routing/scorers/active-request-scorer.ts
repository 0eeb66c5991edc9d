import type { Scorer } from './scorer.js';

/**
 * llm-d's active-request-scorer at its defaults: 1 when idle, else (max − n) ÷ max, n = requests this scheduler
 * has in flight there.
 */
export const activeRequestScorer = (): Scorer => ({
  name: 'active-requests',
  score(input, candidates, out) {
    let max = 0;
    for (const index of candidates) max = Math.max(max, input.endpoints[index]!.inFlightRequests);
    for (let i = 0; i < candidates.length; i++) {
      const n = input.endpoints[candidates[i]!]!.inFlightRequests;
      out[i] = n === 0 ? 1 : (max - n) / max;
    }
  },
});
