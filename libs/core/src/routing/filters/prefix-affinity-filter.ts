import type { RoutingInput } from '../types.js';
import type { Filter } from './filter.js';

/** Options of llm-d's prefix-cache-affinity-filter, with its defaults. */
export interface PrefixAffinityOptions {
  /** Share of the prompt that makes an endpoint sticky, default 0.8. */
  readonly affinityThreshold?: number;
  /** How much longer the best sticky endpoint may take to a first token, in ms, default 18,000; 0 = always stick. */
  readonly maxTtftPenaltyMs?: number;
  /** Prefill tokens/s that turn tokens in flight into waiting time, default 15,928. */
  readonly peakPrefillTokensPerSecond?: number;
}

/**
 * "Sticky until saturated": keeps the endpoints that hold most of the prompt, unless the best of them has so many
 * uncached prompt tokens in flight that another would answer `maxTtftPenaltyMs` sooner.
 */
export function prefixAffinityFilter(options: PrefixAffinityOptions = {}): Filter {
  const { affinityThreshold = 0.8, maxTtftPenaltyMs = 18_000, peakPrefillTokensPerSecond = 15_928 } = options;
  const waitMs = (input: RoutingInput, index: number): number =>
    (input.endpoints[index]!.inFlightPrefillTokens / peakPrefillTokensPerSecond) * 1000;
  return {
    name: 'prefix-affinity',
    keep(input, candidates) {
      const needed = affinityThreshold * input.request.promptTokens;
      const sticky: number[] = [];
      let stickyMs = Number.POSITIVE_INFINITY;
      let otherMs = Number.POSITIVE_INFINITY;
      for (const index of candidates) {
        const ms = waitMs(input, index);
        if ((input.matchedTokens[index] ?? 0) >= needed) {
          sticky.push(index);
          stickyMs = Math.min(stickyMs, ms);
        } else {
          otherMs = Math.min(otherMs, ms);
        }
      }
      if (sticky.length === 0) return candidates;
      return maxTtftPenaltyMs > 0 && stickyMs - otherMs > maxTtftPenaltyMs ? candidates : sticky;
    },
  };
}
