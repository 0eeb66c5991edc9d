import type { HashExtraKey } from '../block-hash/index.js';

/** Blocks an engine announces as stored, as it writes them on the wire. */
export interface PublishedStored {
  readonly type: 'stored';
  /** Whole digests (8 bytes or more), one per block, in prefix order. */
  readonly hashes: readonly Uint8Array[];
  /** Digest of the block before the first one; null at the start of a prompt. */
  readonly parent: Uint8Array | null;
  /** Tokens of all blocks, `blockSize` each. */
  readonly tokenIds: ArrayLike<number>;
  readonly blockSize: number;
  /** `GPU`, `CPU`, `STORAGE`, …; default `GPU`. */
  readonly medium?: string;
  readonly loraId?: number;
  readonly loraName?: string;
  /** One entry per block, bare (`eventExtraKeys`). */
  readonly extraKeys?: ReadonlyArray<readonly HashExtraKey[] | null>;
  readonly groupIdx?: number;
  readonly specKind?: string;
  /** Sliding window in tokens. */
  readonly slidingWindow?: number;
}

export interface PublishedRemoved {
  readonly type: 'removed';
  readonly hashes: readonly Uint8Array[];
  readonly medium?: string;
  readonly groupIdx?: number;
}

export interface PublishedCleared {
  readonly type: 'cleared';
}

export type PublishedEvent = PublishedStored | PublishedRemoved | PublishedCleared;

/** One message of an engine's event stream, to be encoded. */
export interface PublishedBatch {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  /** Data-parallel rank; vLLM always sends one, 0 without data parallelism. */
  readonly rank?: number;
  readonly events: readonly PublishedEvent[];
}
