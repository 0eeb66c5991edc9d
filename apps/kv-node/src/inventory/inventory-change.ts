import type { FolderTier } from '../tiers/tier-name.js';
import type { CheckedCopy } from './copy-record.js';

/** Why a copy is no longer there. */
export type RemovalReason = 'moved' | 'asked' | 'missing' | 'corrupt' | 'full';

export interface RemovedCopy {
  readonly path: string;
  readonly tier: FolderTier;
  readonly reason: RemovalReason;
}

export type InventoryChange =
  | { readonly kind: 'stored'; readonly copy: CheckedCopy }
  | { readonly kind: 'removed'; readonly copy: RemovedCopy };
