import { ENGINE_PROFILES, type EngineProfile, findProfile } from '@penstock/core/engine-model';

/** Tensor parallelism to try, preferred first. */
const TENSOR_PARALLEL = [2, 1, 4, 8];

/**
 * How the engines of a laptop are timed: the calibrated bf16 profile of this GPU and model, on two GPUs where there is
 * one. Throws one sentence that lists the pairs there are.
 */
export function chooseProfile(gpu: string, model: string): EngineProfile {
  for (const tp of TENSOR_PARALLEL) {
    try {
      return findProfile({ gpu, model, dtype: 'bf16', tp });
    } catch {
      // Not calibrated for this many GPUs.
    }
  }
  const known = [...new Set(ENGINE_PROFILES.map((p) => `${p.gpu} ${p.model}`))].join(', ');
  throw new Error(`no engine is calibrated for --gpu ${gpu} --model ${model}; there are: ${known}`);
}
