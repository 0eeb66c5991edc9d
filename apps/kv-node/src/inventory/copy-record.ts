import type { FolderTier } from '../tiers/tier-name.js';

/** What is known about one copy in a folder of this node. */
export interface CopyRecord {
  readonly path: string;
  readonly tier: FolderTier;
  readonly sizeBytes: number;
  /** CRC-32 (IEEE) of the bytes; undefined until it was computed: the copy is not told to anyone before. */
  readonly crc32: number | undefined;
  /** `<namespace>/<pool>` of its keys; empty when not known. */
  readonly scope: string;
  /** Keys of its blocks in order, 8 bytes little-endian each; empty when not known. */
  readonly keys: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly lastUsedMs: number;
}

/** A record that was checked. */
export interface CheckedCopy extends CopyRecord {
  readonly crc32: number;
}

export function isChecked(record: CopyRecord): record is CheckedCopy {
  return record.crc32 !== undefined;
}
