import type { RoutingPolicy } from '../types.js';
import { eligible, nothingEligible } from './eligible.js';

/** Takes the eligible endpoints in turn, by the ordinal of the decision. */
export const roundRobinPolicy = (): RoutingPolicy => ({
  name: 'round-robin',
  prefixSource: 'none',
  decide(input) {
    const { candidates, excluded } = eligible(input);
    if (candidates.length === 0) {
      return { policy: 'round-robin', chosen: -1, leading: [], excluded, reason: nothingEligible(excluded) };
    }
    const turn = input.request.ordinal % candidates.length;
    const chosen = candidates[turn]!;
    const leading = [{ endpointId: input.endpoints[chosen]!.id, total: 0, scores: {}, matchedTokens: 0 }];
    return {
      policy: 'round-robin',
      chosen,
      leading,
      excluded,
      reason: `turn ${turn + 1} of ${candidates.length} endpoints`,
    };
  },
});
