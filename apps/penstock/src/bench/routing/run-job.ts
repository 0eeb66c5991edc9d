import { findProfile } from '@penstock/core/engine-model';
import { createPolicy } from '@penstock/core/routing';
import { quantile, runClairvoyant, runFleet, type StageResult, WARM_UP } from '@penstock/core/twin';
import type { WorkloadBuilder } from './build-workload.js';
import type { RoutingFigures, RoutingJob } from './job.js';

/** Engine of every run: vLLM's defaults on the configuration of llm-d's published benchmark. */
const PROFILE = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });
/** Stages over which time to first token is judged. */
const JUDGED_STAGES = 3;

/** Runs one job in virtual time. Same job, same figures. */
export async function runJob(job: RoutingJob, builder: WorkloadBuilder): Promise<RoutingFigures> {
  const workload = await builder.build(job.workload);
  const { engines, seed, contender } = job;
  const fleet = { engines, engine: { profile: PROFILE }, seed, scrapeIntervalMs: contender.scrapeIntervalMs };
  if (contender.policy !== 'clairvoyant') {
    return figuresOf(
      runFleet({ ...fleet, policy: createPolicy(contender.policy, contender.options) }, workload),
    );
  }
  const bounds = (['least-work', 'round-robin'] as const).map((balance) =>
    figuresOf(runClairvoyant(fleet, workload, balance)),
  );
  return bounds.reduce((best, other) => (other.ttftMs.p90 < best.ttftMs.p90 ? other : best));
}

function figuresOf(all: readonly StageResult[]): RoutingFigures {
  const stages = all.filter((stage) => stage.name !== WARM_UP);
  const last = stages.at(-1)!;
  const ttft = Float64Array.from(stages.slice(-JUDGED_STAGES).flatMap((s) => [...s.ttftSamplesMs])).sort();
  const requests = stages.reduce((sum, s) => sum + s.requests, 0);
  return {
    bestOutputTokensPerSecond: Math.max(...stages.map((s) => s.outputTokensPerSecond)),
    ttftMs: { p50: quantile(ttft, 0.5), p90: quantile(ttft, 0.9), p99: quantile(ttft, 0.99) },
    itlMs: { p50: last.itlMs.p50, p90: last.itlMs.p90 },
    hitRatio: stages.reduce((sum, s) => sum + s.hitRatio * s.requests, 0) / requests,
    preemptions: stages.reduce((sum, s) => sum + s.preemptions, 0),
    largestShare: Math.max(...last.sharePerEngine),
  };
}
