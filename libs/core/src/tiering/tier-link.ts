import type { StorageTier } from './storage-tier.js';

/** How fast blocks come from a tier to the GPU of an engine. */
export interface TierLink {
  readonly bytesPerSecond: number;
  /** Before the first byte. */
  readonly latencyMs: number;
}

/**
 * Assumed, not measured: about what PCIe 4.0 x16 gives after copies through pinned memory, one data-centre NVMe disk, and
 * one node's share of an S3 endpoint in the same region. Measure yours where it matters.
 */
export const DEFAULT_TIER_LINKS: Readonly<Record<StorageTier, TierLink>> = {
  cpu: { bytesPerSecond: 20e9, latencyMs: 0.05 },
  ssd: { bytesPerSecond: 3e9, latencyMs: 0.2 },
  s3: { bytesPerSecond: 1e9, latencyMs: 15 },
};
