import { POLICY_NAMES } from '@penstock/core/routing';
import { LADDER, type Rung } from '@penstock/core/twin';
import type { BenchOptions } from '../types.js';
import type { Contender, RoutingJob, WorkloadSpec } from './job.js';
import { contender } from './sweep.js';

/** How much is run at each size. */
export interface RoutingPlan {
  /** Paired seeds of W. */
  readonly seeds: number;
  readonly ladder: readonly Rung[];
  readonly sweep: boolean;
  /** Seeds of the rows that only inform: clairvoyant, slower scrapes. */
  readonly informativeSeeds: number;
  readonly fleets: readonly number[];
  readonly rates: readonly number[];
  /** Requests taken from the trace, and from the generator when there is no trace. */
  readonly traceRequests: number;
  readonly generatedRequests: number;
  readonly unsharedSeeds: number;
  readonly unsharedLadder: readonly Rung[];
}

const at = (...perSecond: number[]) =>
  LADDER.filter((rung, i) => i === 0 || perSecond.includes(rung.perSecond));

/** Rungs that show a tuning: the warm-up, the middle and the top. */
export const SWEEP_LADDER = at(35, 60);

export const PLANS: Readonly<Record<BenchOptions['size'], RoutingPlan>> = {
  tiny: {
    seeds: 1,
    ladder: at(60),
    sweep: false,
    informativeSeeds: 1,
    fleets: [8],
    rates: [1],
    traceRequests: 300,
    generatedRequests: 300,
    unsharedSeeds: 1,
    unsharedLadder: [
      { perSecond: 3, seconds: 5 },
      { perSecond: 10, seconds: 20 },
    ],
  },
  default: {
    seeds: 5,
    ladder: LADDER,
    sweep: true,
    informativeSeeds: 1,
    fleets: [8],
    rates: [1],
    traceRequests: Number.MAX_SAFE_INTEGER,
    generatedRequests: 6000,
    unsharedSeeds: 1,
    unsharedLadder: at(3, 10, 15),
  },
  full: {
    seeds: 20,
    ladder: LADDER,
    sweep: true,
    informativeSeeds: 5,
    fleets: [8, 12],
    rates: [0.75, 1, 1.25],
    traceRequests: Number.MAX_SAFE_INTEGER,
    generatedRequests: 12_000,
    unsharedSeeds: 5,
    unsharedLadder: LADDER,
  },
};

/** Engines of W and Z. */
const ENGINES = 8;
/** How often our scheduler scrapes. */
const OUR_SCRAPE_MS = 1000;

/** Every run of the table but the sweep. `tuned` are the sweep's winners that differ from a default. */
export function planJobs(
  plan: RoutingPlan,
  options: BenchOptions,
  tuned: readonly Contender[],
): RoutingJob[] {
  const baselines = POLICY_NAMES.map((name) => contender(name));
  const clairvoyant = contender('clairvoyant', 'reference');
  const slower: Contender = { ...contender('3-2-2', 'scrapes every 1 s'), scrapeIntervalMs: OUR_SCRAPE_MS };
  const jobs: RoutingJob[] = [];
  const add = (workload: WorkloadSpec, engines: number, seed: number, contenders: readonly Contender[]) =>
    jobs.push(...contenders.map((c) => ({ workload, engines, contender: c, seed })));

  for (let i = 0; i < plan.seeds; i++) {
    const seed = options.seed + i;
    const informative = i < plan.informativeSeeds ? [slower, clairvoyant] : [];
    add({ kind: 'W', seed, rungs: plan.ladder }, ENGINES, seed, [...baselines, ...tuned, ...informative]);
  }
  for (const engines of plan.fleets) {
    for (const rate of plan.rates) {
      const requests = options.trace ? plan.traceRequests : plan.generatedRequests;
      const workload = { kind: 'M' as const, trace: options.trace, seed: options.seed, requests, rate };
      add(workload, engines, options.seed, [...baselines, ...tuned, clairvoyant]);
    }
  }
  for (let i = 0; i < plan.unsharedSeeds; i++) {
    const seed = options.seed + i;
    add({ kind: 'Z', seed, rungs: plan.unsharedLadder }, ENGINES, seed, [...baselines, clairvoyant]);
  }
  return jobs;
}

/** Runs that choose a tuning: on a seed that is not judged, and on few rungs. */
export const sweepJobs = (options: BenchOptions, variants: readonly Contender[]): RoutingJob[] => {
  const seed = options.seed + 1_000_000;
  const workload = { kind: 'W' as const, seed, rungs: SWEEP_LADDER };
  return variants.map((c) => ({ workload, engines: ENGINES, contender: c, seed }));
};
