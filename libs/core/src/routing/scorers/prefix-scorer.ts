import type { Scorer } from './scorer.js';

/** llm-d's prefix-cache-scorer at its default: share of the prompt that the endpoint holds. */
export const prefixScorer = (): Scorer => ({
  name: 'prefix',
  score(input, candidates, out) {
    const prompt = Math.max(1, input.request.promptTokens);
    for (let i = 0; i < candidates.length; i++) {
      out[i] = Math.min(1, (input.matchedTokens[candidates[i]!] ?? 0) / prompt);
    }
  },
});
