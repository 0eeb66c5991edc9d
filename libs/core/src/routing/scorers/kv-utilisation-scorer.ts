import type { Scorer } from './scorer.js';

/** llm-d's kv-cache-utilization-scorer: 1 − use. With `countReserved`, tokens not scraped yet are in use. */
export const kvUtilisationScorer = ({ countReserved = true } = {}): Scorer => ({
  name: 'kv-utilisation',
  score(input, candidates, out) {
    for (let i = 0; i < candidates.length; i++) {
      const endpoint = input.endpoints[candidates[i]!]!;
      const reserved =
        countReserved && endpoint.kvCapacityTokens > 0
          ? endpoint.unseenTokens / endpoint.kvCapacityTokens
          : 0;
      out[i] = 1 - Math.min(1, Math.max(0, endpoint.kvUsage + reserved));
    }
  },
});
