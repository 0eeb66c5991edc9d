import type { EngineProfile } from './engine-profile.js';

/** A sequence that has `computedTokens` of `knownTokens` on the GPU and could load more. */
export interface LoadQuestion {
  readonly computedTokens: number;
  readonly knownTokens: number;
  /** Tokens that would be on the GPU after loading n + 1 chunks: at most knownTokens − 1. */
  readonly loadedTokens: (n: number) => number;
  /** ms that loading n + 1 chunks takes once the link is free. */
  readonly durationsMs: ArrayLike<number>;
  /** ms until the link is free. */
  readonly linkWaitMs: number;
}

/**
 * How many chunks to load so that the first token comes soonest on an idle engine; 0 when computing everything is
 * no slower. Loading pays when bytes ÷ bandwidth + latency is below what the same tokens cost to prefill, which
 * depends on the model, the GPU and the link, so it is asked for every load instead of being a setting.
 */
export function chunksToLoad(profile: EngineProfile, budgetTokens: number, question: LoadQuestion): number {
  const { computedTokens, knownTokens, loadedTokens, durationsMs, linkWaitMs } = question;
  let best = 0;
  let bestMs = prefillMs(profile, budgetTokens, computedTokens, knownTokens);
  for (let n = 0; n < durationsMs.length; n++) {
    const ms = linkWaitMs + durationsMs[n]! + prefillMs(profile, budgetTokens, loadedTokens(n), knownTokens);
    if (ms < bestMs) {
      best = n + 1;
      bestMs = ms;
    }
  }
  return best;
}

/** Time of the prefill steps from token `from` to `to` with nothing else in the batch: see `stepTimeMs`. */
function prefillMs(profile: EngineProfile, budgetTokens: number, from: number, to: number): number {
  const steps = Math.ceil((to - from) / budgetTokens);
  return (
    steps * profile.prefillBaseMs +
    (profile.prefillPerKTokenMs * (to - from)) / 1000 +
    // Σ (2·K₀·k + k²) over consecutive chunks is the difference of the squares.
    (profile.prefillPerKTokenSquaredMs * (to * to - from * from)) / 1e6
  );
}
