import { prefixAffinityFilter } from './filters/prefix-affinity-filter.js';
import type { PolicyOptions } from './policies/policy-options.js';
import { roundRobinPolicy } from './policies/round-robin-policy.js';
import { ScoredPolicy } from './policies/scored-policy.js';
import { activeRequestScorer } from './scorers/active-request-scorer.js';
import { kvUtilisationScorer } from './scorers/kv-utilisation-scorer.js';
import { prefixScorer } from './scorers/prefix-scorer.js';
import { queueScorer } from './scorers/queue-scorer.js';
import { tokenLoadScorer } from './scorers/token-load-scorer.js';
import type { PrefixSource, RoutingPolicy } from './types.js';

/** llm-d's default weights. */
const WEIGHTS = { prefix: 3, queue: 2, kvUtilisation: 2 };

function weighted(name: string, prefixSource: PrefixSource, options: PolicyOptions): RoutingPolicy {
  const { weights = WEIGHTS, countReserved = true } = options;
  return new ScoredPolicy({
    name,
    prefixSource,
    scorers: [
      { scorer: prefixScorer(), weight: weights.prefix },
      { scorer: queueScorer({ countReserved }), weight: weights.queue },
      { scorer: kvUtilisationScorer({ countReserved }), weight: weights.kvUtilisation },
    ],
  });
}

const POLICIES = {
  random: () => new ScoredPolicy({ name: 'random', prefixSource: 'none', scorers: [] }),
  'round-robin': () => roundRobinPolicy(),
  'least-request': () =>
    new ScoredPolicy({
      name: 'least-request',
      prefixSource: 'none',
      scorers: [{ scorer: activeRequestScorer(), weight: 1 }],
    }),
  '3-2-2-approximate': (options: PolicyOptions) => weighted('3-2-2-approximate', 'approximate', options),
  '3-2-2': (options: PolicyOptions) => weighted('3-2-2', 'exact', options),
  'affinity-token-load': (options: PolicyOptions) =>
    new ScoredPolicy({
      name: 'affinity-token-load',
      prefixSource: options.affinitySource ?? 'approximate',
      filters: [prefixAffinityFilter(options.affinity)],
      scorers: [
        {
          scorer: options.affinityScorer === 'active-request' ? activeRequestScorer() : tokenLoadScorer(),
          weight: 1,
        },
      ],
    }),
} satisfies Record<string, (options: PolicyOptions) => RoutingPolicy>;

export type PolicyName = keyof typeof POLICIES;

/** Names that `createPolicy` knows. */
export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/** A routing policy by name. Throws an error that lists the names when it is unknown. */
export function createPolicy(name: string, options: PolicyOptions = {}): RoutingPolicy {
  if (!Object.hasOwn(POLICIES, name)) {
    throw new Error(`unknown routing policy "${name}"; choose one of: ${POLICY_NAMES.join(', ')}`);
  }
  return POLICIES[name as PolicyName](options);
}
