import type { EngineKind } from './metric-names.js';

/** LoRA adapters an engine is busy with. */
export interface LoraMetrics {
  readonly maxAdapters: number;
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

/** What an engine says of itself; with data parallelism all its ranks together. */
export interface EngineMetrics {
  readonly engine: EngineKind;
  readonly waiting: number;
  readonly running: number;
  /** KV cache in use, 0–1. */
  readonly kvUsage: number;
  /** Tokens per KV block; absent when the engine does not say. */
  readonly blockSize?: number;
  readonly blockCount?: number;
  /** Served names by the `model_name` label, sorted. */
  readonly modelNames: readonly string[];
  /** Prompt tokens looked up in and found in the prefix cache since the engine started. */
  readonly prefixQueryTokens?: number;
  readonly prefixHitTokens?: number;
  readonly lora?: LoraMetrics;
}
