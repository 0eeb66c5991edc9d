import type { Tier } from './types.js';

/** An engine's own block hash: its low 64 bits, unsigned. */
export type Hash = bigint;

/** One element of a block's extra keys as the engine sent it (LoRA name, cache salt, multimodal item, …). */
export type ExtraKey = string | number | bigint | boolean | Uint8Array | null | readonly ExtraKey[];

/** `unknown`: the engine named a medium that is none of ours. */
export type EventTier = Tier | 'unknown';

export type Locality = 'local' | 'remote';

export interface StoredEvent {
  readonly type: 'stored';
  /** One per block, in prefix order. */
  readonly hashes: readonly Hash[];
  /** Block before the first one; null when the first block starts a prompt. */
  readonly parent: Hash | null;
  /**
   * Tokens of all blocks, `blockSize` each; empty when only the location is announced. Groups that skip blocks (outside a
   * sliding window) send more tokens than their hashes have: then only the location counts.
   */
  readonly tokenIds: ArrayLike<number>;
  /** Tokens per block; 0 in placeholders of offload connectors. */
  readonly blockSize: number;
  readonly tier: EventTier;
  readonly loraName?: string;
  /** One entry per block; null where a block has none. */
  readonly extraKeys?: ReadonlyArray<readonly ExtraKey[] | null>;
  /** KV-cache group of a hybrid model. */
  readonly groupIdx?: number;
  /**
   * Only of a store to medium `STORAGE` without tokens: the blocks are in one file, and this whole digest of the last one
   * names it; null when the engine sends integers, which do not.
   */
  readonly fileDigest?: Uint8Array | null;
  /** Attention kind of that group, as the engine names it (`full_attention`, `sliding_window`, …). */
  readonly specKind?: string;
  /** Of a sliding-window group: the window in tokens. */
  readonly slidingWindow?: number;
  /** Only of Mooncake: whose blocks these are. */
  readonly tenant?: string;
  /** Where the tier is for the engine that says so: its own, or one it shares with others. Absent: it does not say. */
  readonly locality?: Locality;
}

export interface RemovedEvent {
  readonly type: 'removed';
  readonly hashes: readonly Hash[];
  readonly tier: EventTier;
  readonly groupIdx?: number;
  /** As in `StoredEvent`. */
  readonly locality?: Locality;
}

/** Everything the engine held is gone, on every tier. */
export interface ClearedEvent {
  readonly type: 'cleared';
}

export type EngineEvent = StoredEvent | RemovedEvent | ClearedEvent;

/** One message of an engine's event stream, decoded. */
export interface EngineBatch {
  /** Starts at 0 with each life of the publisher, +1 per batch. Decoders refuse what is no safe integer. */
  readonly sequence: number;
  /** Milliseconds since the epoch by the engine's clock; 0 when the batch had no usable time. */
  readonly timestampMs: number;
  /** Data-parallel rank; absent when the engine did not say. */
  readonly rank?: number;
  readonly events: readonly EngineEvent[];
}
