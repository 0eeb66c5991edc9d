import type { TierFigures } from '@penstock/core/twin';
import type { TraceSpec } from '../routing/job.js';
import type { Storage } from './storage.js';

/** One run of the twin, small enough to send to a worker. */
export interface TiersJob {
  readonly workload: TraceSpec;
  readonly engines: number;
  readonly storage: Storage;
}

export interface TiersFigures {
  readonly ttftMs: { readonly p50: number; readonly p90: number };
  readonly outputTokensPerSecond: number;
  readonly promptTokens: number;
  readonly gpuHitRatio: number;
  /** Absent without storage. */
  readonly tiers?: TierFigures;
}
