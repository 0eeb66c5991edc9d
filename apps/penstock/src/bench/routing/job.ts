import type { PolicyOptions } from '@penstock/core/routing';
import type { Rung } from '@penstock/core/twin';

/** A workload on the ladder: W shares prefixes, Z shares nothing. */
export interface LadderSpec<K extends 'W' | 'Z'> {
  readonly kind: K;
  readonly seed: number;
  readonly rungs: readonly Rung[];
}

/** Workload M. */
export interface TraceSpec {
  readonly kind: 'M';
  /** Path of the trace; without one the project's generator is used with `seed`. */
  readonly trace: string | undefined;
  readonly seed: number;
  readonly requests: number;
  readonly rate: number;
}

/** Input of one run, small enough to send to a worker. */
export type WorkloadSpec = LadderSpec<'W'> | LadderSpec<'Z'> | TraceSpec;

/** One policy of the table, with what was changed from its default. */
export interface Contender {
  /** A policy name, or `clairvoyant`. */
  readonly policy: string;
  /** What people read: `default`, `best of sweep: …`. */
  readonly tuning: string;
  readonly options: PolicyOptions;
  readonly scrapeIntervalMs: number;
}

/** One run of the twin. */
export interface RoutingJob {
  readonly workload: WorkloadSpec;
  readonly engines: number;
  readonly contender: Contender;
  readonly seed: number;
}

/** Figures of one run. Times are virtual. */
export interface RoutingFigures {
  /** Of the best stage after the warm-up. */
  readonly bestOutputTokensPerSecond: number;
  /** TTFT over all requests of the last three stages. */
  readonly ttftMs: { readonly p50: number; readonly p90: number; readonly p99: number };
  /** Of the last stage. */
  readonly itlMs: { readonly p50: number; readonly p90: number };
  /** Over all stages after the warm-up. */
  readonly hitRatio: number;
  readonly preemptions: number;
  /** Share of the busiest engine in the last stage. */
  readonly largestShare: number;
}
