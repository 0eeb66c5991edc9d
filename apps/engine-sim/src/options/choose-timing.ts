import { type EngineProfile, findProfile, nearestProfile } from '@penstock/core/engine-model';

export interface TimingFlags {
  readonly model: string;
  readonly simGpu: string;
  /** Ours: exact. */
  readonly simDtype?: string;
  readonly simTp?: number;
  /** vLLM's: approximate. */
  readonly dtype?: string;
  readonly quantization?: string;
  readonly tensorParallelSize?: number;
}

/**
 * The profile that times the engine. A model that is not calibrated, and what vLLM's own flags ask for, is timed as the
 * nearest that is, with a warning; `--sim-dtype` and `--sim-tp` mean a row of the calibration table and nothing else.
 */
export function chooseTiming(
  flags: TimingFlags,
): { profile: EngineProfile; warnings: readonly string[] } | { error: string } {
  const { model, simGpu: gpu, simDtype, simTp } = flags;
  const isFp8 = [flags.dtype, flags.quantization].some((name) => name?.toLowerCase().includes('fp8'));
  const dtype = simDtype ?? (isFp8 ? 'fp8' : undefined);
  const tp = simTp ?? flags.tensorParallelSize;
  try {
    const { profile, differences } = nearestProfile({ gpu, model, dtype, tp });
    const isExact =
      (simDtype === undefined || simDtype.toLowerCase() === profile.dtype) &&
      (simTp === undefined || simTp === profile.tp);
    if (!isExact)
      findProfile({ gpu, model: profile.model, dtype: dtype ?? profile.dtype, tp: tp ?? profile.tp });
    const warnings = differences.map((difference) => `not calibrated, timed as the nearest: ${difference}`);
    return { profile, warnings };
  } catch (error) {
    return { error: `--sim-gpu, --model, --sim-dtype, --sim-tp: ${(error as Error).message}` };
  }
}
