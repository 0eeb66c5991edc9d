/** Tiers below the GPU, nearest first. `s3` is one place for everyone; the others are one place per node. */
export const STORAGE_TIERS = ['cpu', 'ssd', 's3'] as const;
export type StorageTier = (typeof STORAGE_TIERS)[number];
