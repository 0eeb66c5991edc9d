import type { EngineProfile } from './engine-profile.js';
import { modelKey } from './find-profile.js';
import { ENGINE_PROFILES } from './profiles.js';

export interface ProfileWish {
  readonly gpu: string;
  readonly model: string;
  /** Absent: bf16. */
  readonly dtype?: string;
  /** Tensor-parallel size; absent: 2, else the smallest there is. */
  readonly tp?: number;
}

export interface NearestProfile {
  readonly profile: EngineProfile;
  /** Where the profile is of something else than was asked for, for people. */
  readonly differences: readonly string[];
}

const DEFAULT_TP = 2;
/** Stands in for models whose name tells no size. */
const DEFAULT_PARAMETERS = 32e9;

/**
 * The calibrated profile that comes closest: of this GPU, of this model or of the one nearest in size, then of the
 * weights' type, then of the tensor-parallel size. Throws an error that lists the GPUs when this one is not calibrated.
 */
export function nearestProfile(wish: ProfileWish): NearestProfile {
  const ofGpu = ENGINE_PROFILES.filter((p) => p.gpu === wish.gpu.toLowerCase());
  if (ofGpu.length === 0) {
    const known = [...new Set(ENGINE_PROFILES.map((p) => p.gpu))].join(', ');
    throw new Error(`no engine profile for gpu "${wish.gpu}"; choose one of: ${known}`);
  }
  const { dtype = 'bf16', tp = DEFAULT_TP } = wish;
  const size = parametersOf(wish.model) ?? DEFAULT_PARAMETERS;
  const far = (a: number, b: number): number => Math.abs(Math.log2(a / b));
  const distance = (p: EngineProfile): number[] => [
    modelKey(p.model) === modelKey(wish.model)
      ? 0
      : 1 + far(parametersOf(p.model) ?? DEFAULT_PARAMETERS, size),
    p.dtype === dtype.toLowerCase() ? 0 : 1,
    far(p.tp, tp),
    p.tp,
  ];
  const profile = ofGpu.reduce((best, p) => (compare(distance(p), distance(best)) < 0 ? p : best));
  const differences: string[] = [];
  if (modelKey(profile.model) !== modelKey(wish.model))
    differences.push(`model ${wish.model} as ${profile.model}`);
  if (profile.dtype !== dtype.toLowerCase()) differences.push(`${dtype} weights as ${profile.dtype}`);
  if (wish.tp !== undefined && profile.tp !== tp)
    differences.push(`tensor parallelism ${tp} as ${profile.tp}`);
  return { profile, differences };
}

/** Parameters that a model's name tells (`0.6B`, `70b`, `8x7B`); undefined when it tells none. */
export function parametersOf(model: string): number | undefined {
  const name = model.slice(model.lastIndexOf('/') + 1);
  const [, experts = '1', billions] =
    /(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])/i.exec(name) ?? [];
  const parameters = Number(experts) * Number(billions) * 1e9;
  return parameters > 0 ? parameters : undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}
