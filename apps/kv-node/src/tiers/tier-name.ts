/** Tiers that are folders of this node. */
export const FOLDER_TIERS = ['cpu', 'ssd'] as const;
export type FolderTier = (typeof FOLDER_TIERS)[number];
/** Tiers of chunks that a node can reach. */
export type TierName = FolderTier | 's3';
