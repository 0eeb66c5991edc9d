import type { TierName } from '../tiers/tier-name.js';

/** What is told about a chunk that only S3 has. */
export interface ChunkFacts {
  readonly scope: string;
  readonly keys: Uint8Array;
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** A copy to make, to remove, or both in this order. */
export interface MoveOrder {
  readonly path: string;
  readonly from: TierName;
  /** Absent: nothing is written. */
  readonly to?: TierName;
  /** Whether the copy on `from` goes once the other is durable. */
  readonly removeSource: boolean;
  readonly chunk?: ChunkFacts;
}
