import type { TierLink } from '@penstock/core/tiering';
import type { FailurePlan } from './failure-plan.js';
import type { KvEventsConfig } from './kv-events-config.js';

/** Where the engine offloads prompt blocks to. */
export interface StorageOptions {
  readonly blocksPerChunk: number;
  /** Size of a simulated block in a file. */
  readonly bytesPerBlock: number;
  /** In the order of lookup; the first is stored to, and announced when its `events` say so. */
  readonly tiers: ReadonlyArray<{
    readonly rootDir: string;
    readonly events: boolean;
    readonly link: TierLink;
  }>;
}

/** Everything engine-sim is told at start. */
export interface EngineSimOptions {
  /** Model that the engine stands for, and its first name in the API unless `servedModelNames` says otherwise. */
  readonly model: string;
  /** Calibrated model whose timing is used: of `gpu`, `dtype` and `tensorParallel` there is a profile. */
  readonly timedAs: string;
  readonly servedModelNames: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly maxModelLenTokens: number;
  readonly blockSizeTokens: number;
  readonly maxSequences: number;
  readonly maxBatchedTokens: number;
  /** KV blocks; absent: as many as the simulated GPUs hold. */
  readonly blockCount?: number;
  /** Absent: no cache events. */
  readonly kvEvents?: KvEventsConfig;
  /** Absent: blocks are only on the GPU. */
  readonly storage?: StorageOptions;
  readonly seed: number;
  readonly gpu: string;
  readonly dtype: string;
  readonly tensorParallel: number;
  /** Virtual time passes this many times faster than the wall clock. */
  readonly speed: number;
  readonly eventFormat: 'array' | 'map';
  /** Folder with tokenizer.json; absent: the built-in one. */
  readonly tokenizerDir?: string;
  readonly failures: FailurePlan;
  readonly debug: boolean;
  /** Seed of the block-hash chain, `PYTHONHASHSEED` of vLLM. */
  readonly hashSeed?: string;
}
