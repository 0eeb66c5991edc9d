import { basename } from 'node:path';
import type { BenchResult } from '../types.js';
import type { RoutingFigures, RoutingJob } from './job.js';

/** The runs of one line of the table: same workload, fleet and contender, one per seed. */
export interface Line {
  readonly workload: string;
  readonly job: RoutingJob;
  readonly figures: readonly RoutingFigures[];
}

/** Name of a workload, with its rate for M: `M`, or `generator` when the project's own trace stands in. */
export function workloadName({ workload, engines }: RoutingJob): string {
  if (workload.kind !== 'M') return workload.kind;
  const source = workload.trace ? `M ${basename(workload.trace, '.jsonl')}` : 'generator';
  return `${source} ${workload.rate}× on ${engines}`;
}

/** Groups runs into lines, in order of first appearance. */
export function lines(jobs: readonly RoutingJob[], figures: readonly RoutingFigures[]): Line[] {
  const grouped = new Map<string, { workload: string; job: RoutingJob; figures: RoutingFigures[] }>();
  jobs.forEach((job, i) => {
    const workload = workloadName(job);
    const key = `${workload}/${job.contender.policy}/${job.contender.tuning}`;
    const line = grouped.get(key) ?? { workload, job, figures: [] };
    line.figures.push(figures[i]!);
    grouped.set(key, line);
  });
  return [...grouped.values()];
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length;

/** One row of the table: means over the seeds; TTFT over the last three stages, in seconds of virtual time. */
export function row({ workload, job, figures }: Line): BenchResult['rows'][number] {
  const average = (of: (f: RoutingFigures) => number) => mean(figures.map(of));
  return {
    workload,
    policy: job.contender.policy,
    tuning: job.contender.tuning,
    seeds: figures.length,
    'best out tok/s': Math.round(average((f) => f.bestOutputTokensPerSecond)),
    'TTFT p50 s': round(average((f) => f.ttftMs.p50) / 1000),
    'TTFT p90 s': round(average((f) => f.ttftMs.p90) / 1000),
    'worst p90 s': round(Math.max(...figures.map((f) => f.ttftMs.p90)) / 1000),
    'ITL p50 ms': round(average((f) => f.itlMs.p50)),
    'ITL p90 ms': round(average((f) => f.itlMs.p90)),
    'hit ratio': round(average((f) => f.hitRatio)),
    'busiest engine': round(average((f) => f.largestShare)),
    preemptions: Math.round(average((f) => f.preemptions)),
  };
}

const round = (value: number): number => Number(value.toPrecision(3));
