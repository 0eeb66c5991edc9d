import type { PolicyOptions } from '@penstock/core/routing';
import type { Contender, RoutingFigures } from './job.js';

/** Scrape interval of llm-d's data layer, used for every baseline. */
export const BASELINE_SCRAPE_MS = 50;

export const contender = (policy: string, tuning = 'default', options: PolicyOptions = {}): Contender => ({
  policy,
  tuning,
  options,
  scrapeIntervalMs: BASELINE_SCRAPE_MS,
});

const weights = (prefix: number, queue: number, kvUtilisation: number) => ({
  weights: { prefix, queue, kvUtilisation },
});

const WEIGHTED: ReadonlyArray<readonly [string, PolicyOptions]> = [
  ['scraped load only', { countReserved: false }],
  ['weights 4/1/1', weights(4, 1, 1)],
  ['weights 3/1/3', weights(3, 1, 3)],
  ['weights 1/1/1', weights(1, 1, 1)],
];

/** What is tried for each baseline that has something to set, as its project documents the choices. */
const SWEEP: Readonly<Record<string, typeof WEIGHTED>> = {
  '3-2-2-approximate': WEIGHTED,
  '3-2-2': WEIGHTED,
  'affinity-token-load': [
    ['active-request scorer', { affinityScorer: 'active-request' }],
    ['penalty 5 s', { affinity: { maxTtftPenaltyMs: 5000 } }],
    ['exact prefixes', { affinitySource: 'exact' }],
    ['exact prefixes, active-request scorer', { affinitySource: 'exact', affinityScorer: 'active-request' }],
  ],
};

/** The default of a policy and the variants of its sweep. */
export const variantsOf = (policy: string): Contender[] => [
  contender(policy),
  ...(SWEEP[policy] ?? []).map(([name, options]) => contender(policy, name, options)),
];

/** Policies that have a sweep. */
export const SWEPT = Object.keys(SWEEP);

/** The variant with the highest output tokens/s; within 1 % the one with the lower TTFT p90. */
export function bestVariant(variants: readonly Contender[], figures: readonly RoutingFigures[]): Contender {
  let best = 0;
  for (let i = 1; i < variants.length; i++) {
    const ratio = figures[i]!.bestOutputTokensPerSecond / figures[best]!.bestOutputTokensPerSecond;
    if (ratio > 1.01 || (ratio > 0.99 && figures[i]!.ttftMs.p90 < figures[best]!.ttftMs.p90)) best = i;
  }
  return variants[best]!;
}
