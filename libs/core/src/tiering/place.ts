import type { StorageTier } from './storage-tier.js';

/** Where a copy is: a tier of a node, or S3. */
export interface Place {
  readonly tier: StorageTier;
  /** Absent on S3. */
  readonly node?: string;
}

/** The object store. */
export const S3: Place = { tier: 's3' };

/** A place as text, for logs, map keys and messages: `cpu of node-1`, `s3`. */
export function placeName({ tier, node }: Place): string {
  return node === undefined ? tier : `${tier} of ${node}`;
}
