import { findProfile } from '@penstock/core/engine-model';
import { createPolicy } from '@penstock/core/routing';
import { runFleet } from '@penstock/core/twin';
import type { WorkloadBuilder } from '../routing/build-workload.js';
import type { TiersFigures, TiersJob } from './job.js';

/** Engine of every run: vLLM's defaults, as in bench `routing`. */
const PROFILE = findProfile({ gpu: 'h100', model: 'Qwen3-32B', dtype: 'bf16', tp: 2 });

/** Runs one job in virtual time with exact prefixes under 3-2-2. Same job, same figures. */
export async function runJob(
  { workload: spec, engines, storage }: TiersJob,
  builder: WorkloadBuilder,
): Promise<TiersFigures> {
  const workload = await builder.build(spec);
  const { tiers, gate } = storage;
  const engine = { profile: PROFILE, loadGate: gate };
  const [stage] = runFleet(
    { engines, engine, policy: createPolicy('3-2-2'), seed: spec.seed, tiers },
    workload,
  );
  if (!stage) throw new Error('the workload has no stage');
  const { ttftMs, outputTokensPerSecond, hitRatio } = stage;
  const promptTokens = workload.stages[0]!.arrivals.reduce((sum, { prompt }) => sum + prompt.tokens, 0);
  return {
    ttftMs: { p50: ttftMs.p50, p90: ttftMs.p90 },
    outputTokensPerSecond,
    promptTokens,
    gpuHitRatio: hitRatio,
    ...(stage.tiers && { tiers: stage.tiers }),
  };
}
