import type { CopyState } from './copy-state.js';
import type { Place } from './place.js';

/** What a chunk is. A path names the same blocks wherever it is found. */
export interface ChunkFacts {
  /** Path under a tier's folder or the bucket's prefix. */
  readonly path: string;
  /** `<namespace>/<pool>` whose engines its keys mean something to; empty when not known. */
  readonly scope: string;
  /** Keys of its blocks in prompt order; empty when not known. */
  readonly keys: BigUint64Array;
}

/** Bytes of one copy. Two engines may compute blocks that differ in their last bits, so each copy has its own checksum. */
export interface CopyFacts {
  readonly sizeBytes: number;
  /** CRC-32 (IEEE). */
  readonly crc32: number;
  /** Milliseconds since the epoch. */
  readonly lastUsedMs: number;
}

export interface CopyView extends CopyFacts {
  readonly place: Place;
  readonly state: CopyState;
  /** Life of the copy: no two copies of a ledger share it. */
  readonly generation: number;
  /** Whether it goes as soon as the move that reads it is done. */
  readonly leaving: boolean;
}

export interface ChunkView extends ChunkFacts {
  /** Times that a request was sent to where it is, or an engine stored it again. */
  readonly uses: number;
  readonly copies: readonly CopyView[];
}

/** Use of one place. Copies count from the first byte written to the last one removed. */
export interface PlaceUse {
  readonly place: Place;
  readonly usedBytes: number;
  /** Part of it that is being removed, or will be once moved. */
  readonly leavingBytes: number;
  readonly chunks: number;
  readonly blocks: number;
}
