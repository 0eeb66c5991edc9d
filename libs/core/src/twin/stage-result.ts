import type { TierFigures } from './tier-figures.js';

/** Figures of one stage in virtual time. */
export interface StageResult {
  readonly name: string;
  readonly requests: number;
  readonly outputTokens: number;
  readonly startMs: number;
  /** Last completion. */
  readonly endMs: number;
  /** Output tokens ÷ (stage start to last completion). */
  readonly outputTokensPerSecond: number;
  readonly ttftMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
  };
  readonly itlMs: { readonly p50: number; readonly p90: number; readonly p99: number };
  /** Prompt tokens found in the engine's cache at first admission ÷ prompt tokens. */
  readonly hitRatio: number;
  readonly preemptions: number;
  /** Present when the fleet has storage. */
  readonly tiers?: TierFigures;
  /** Share of the stage's requests by engine. */
  readonly sharePerEngine: readonly number[];
  /** Every time to first token, ascending. */
  readonly ttftSamplesMs: Float64Array;
}
