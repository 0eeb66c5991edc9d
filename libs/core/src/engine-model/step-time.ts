import type { EngineProfile } from './engine-profile.js';

/** What one forward pass computes. */
export interface StepWork {
  readonly decodingSequences: number;
  /** Sum over decoding sequences of the tokens each attends to. */
  readonly decodeContextTokens: number;
  /** Σ k of the prefill chunks, in thousand tokens. */
  readonly prefillKTokens: number;
  /** Σ (2·K₀·k + k²) of the chunks, K₀ = thousand tokens already in the sequence's context. */
  readonly prefillKTokensSquared: number;
}

/**
 * Duration of a forward pass in ms:
 * T = a + b·N + c·K + Σ[p1·k + p2·(2·K₀·k + k²)], with p0 in place of a when nothing decodes.
 */
export function stepTimeMs(profile: EngineProfile, work: StepWork): number {
  const base = work.decodingSequences > 0 ? profile.decodeBaseMs : profile.prefillBaseMs;
  return (
    base +
    profile.decodePerSequenceMs * work.decodingSequences +
    (profile.decodePerContextKTokenMs * work.decodeContextTokens) / 1000 +
    profile.prefillPerKTokenMs * work.prefillKTokens +
    profile.prefillPerKTokenSquaredMs * work.prefillKTokensSquared
  );
}
