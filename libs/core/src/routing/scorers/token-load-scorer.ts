import type { Scorer } from './scorer.js';

/** llm-d's default `queueThresholdTokens`. */
export const TOKEN_LOAD_THRESHOLD = 4_194_304;

/**
 * llm-d's token-load-scorer: 1 − min(t, T) ÷ T, t = uncached prompt tokens in flight plus those this request
 * would add at the endpoint.
 */
export const tokenLoadScorer = ({ thresholdTokens = TOKEN_LOAD_THRESHOLD } = {}): Scorer => ({
  name: 'token-load',
  score(input, candidates, out) {
    for (let i = 0; i < candidates.length; i++) {
      const index = candidates[i]!;
      const uncached = Math.max(0, input.request.promptTokens - (input.matchedTokens[index] ?? 0));
      const tokens = input.endpoints[index]!.inFlightPrefillTokens + uncached;
      out[i] = 1 - Math.min(tokens, thresholdTokens) / thresholdTokens;
    }
  },
});
