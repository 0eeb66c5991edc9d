import type { EngineProfile } from './engine-profile.js';
import { ENGINE_PROFILES } from './profiles.js';

/** What names a profile. `model` may carry an organisation (`Qwen/Qwen3-32B`) or an `-Instruct` suffix. */
export interface ProfileQuery {
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  readonly tp: number;
}

/** What two spellings of one model have in common: no organisation, no `-Instruct`, lower case. */
export const modelKey = (model: string): string =>
  model
    .slice(model.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/^meta-llama-/, 'llama-')
    .replace(/-instruct$/, '');

/** The profile of a configuration. Throws an error that lists the existing ones when there is none. */
export function findProfile(query: ProfileQuery): EngineProfile {
  const found = ENGINE_PROFILES.find(
    (profile) =>
      profile.gpu === query.gpu.toLowerCase() &&
      modelKey(profile.model) === modelKey(query.model) &&
      profile.dtype === query.dtype.toLowerCase() &&
      profile.tp === query.tp,
  );
  if (found) return found;
  const known = ENGINE_PROFILES.map((p) => `${p.gpu} ${p.model} ${p.dtype} TP${p.tp}`).join('; ');
  throw new Error(
    `no engine profile for gpu "${query.gpu}", model "${query.model}", dtype "${query.dtype}", tp ${query.tp}; choose one of: ${known}`,
  );
}
