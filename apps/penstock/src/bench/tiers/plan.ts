import type { BenchOptions } from '../types.js';
import type { TiersJob } from './job.js';
import {
  GPU_ONLY,
  ONE_DISK_GATED,
  ONE_DISK_KNOWN,
  ONE_DISK_UNGATED,
  SMALL_CPU,
  type Storage,
  THREE_TIERS,
} from './storage.js';

/** Engines of the fleets of which both lines that the bar compares are run; the first one has all lines. */
const FLEETS = [8, 12];

interface TiersPlan {
  readonly fleets: readonly number[];
  readonly traceRequests: number;
  readonly generatedRequests: number;
  /** Lines beyond the two of the bar, by whether they are of the first fleet only. */
  readonly extra: readonly Storage[];
  readonly extraOnAllFleets: boolean;
}

const EXTRA = [SMALL_CPU, ONE_DISK_GATED, ONE_DISK_UNGATED, ONE_DISK_KNOWN];

const PLANS: Readonly<Record<BenchOptions['size'], TiersPlan>> = {
  tiny: {
    fleets: FLEETS.slice(0, 1),
    traceRequests: 300,
    generatedRequests: 300,
    extra: [ONE_DISK_GATED, ONE_DISK_UNGATED],
    extraOnAllFleets: false,
  },
  default: {
    fleets: FLEETS,
    traceRequests: Number.MAX_SAFE_INTEGER,
    generatedRequests: 3000,
    extra: EXTRA,
    extraOnAllFleets: false,
  },
  full: {
    fleets: FLEETS,
    traceRequests: Number.MAX_SAFE_INTEGER,
    generatedRequests: 12_000,
    extra: EXTRA,
    extraOnAllFleets: true,
  },
};

/** Every run of the table: the trace, or the generator in its place, at the rate it was recorded with. */
export function planJobs({ size, trace, seed }: BenchOptions): TiersJob[] {
  const plan = PLANS[size];
  const requests = trace ? plan.traceRequests : plan.generatedRequests;
  const workload = { kind: 'M' as const, trace, seed, requests, rate: 1 };
  return plan.fleets.flatMap((engines, i) => {
    const extra = i === 0 || plan.extraOnAllFleets ? plan.extra : [];
    return [GPU_ONLY, THREE_TIERS, ...extra].map((storage) => ({ workload, engines, storage }));
  });
}
