import type { TierCredits } from '../routing/index.js';
import { DEFAULT_TIER_LINKS, type TierLink } from '../tiering/index.js';

/** Storage behind the engines of a fleet: a CPU and an SSD tier per node, one object store for all. */
export interface TierOptions {
  /** Per node, in bytes of the real KV cache. */
  readonly cpuBytes: number;
  readonly ssdBytes: number;
  /** Of the object store, 0 = no limit; absent: there is none. */
  readonly s3Bytes?: number;
  /** Default 8; a node has as many engines as fit. */
  readonly gpusPerNode?: number;
  /** Engine blocks per chunk, default 32. */
  readonly blocksPerChunk?: number;
  /** Shares of a capacity at which demotion begins and ends, default 0.9 and 0.8. */
  readonly highWatermark?: number;
  readonly lowWatermark?: number;
  /** Uses from which a chunk goes to S3 instead of being removed, default 2. */
  readonly s3AdmissionUses?: number;
  /** How often moves are planned, default every 500 ms. */
  readonly planIntervalMs?: number;
  /** Most chunks promoted for one request, default 64. */
  readonly maxPromotions?: number;
  readonly links?: Partial<TierLinks>;
  /** What the router takes a block in storage to be worth, default `DEFAULT_TIER_CREDITS`. */
  readonly credits?: TierCredits;
}

/** Who moves what how fast. Links of a kind that share hardware are used by one transfer after the other. */
export interface TierLinks {
  /** Each engine's between CPU memory and its GPUs: one for loads, one like it for stores. */
  readonly cpuToGpu: TierLink;
  /** Each node's disks, read by its engines. */
  readonly ssdToGpu: TierLink;
  /** Each node's disks, written by demotions. */
  readonly cpuToSsd: TierLink;
  /** Each node's to and from the object store. */
  readonly ssdToS3: TierLink;
  readonly s3ToCpu: TierLink;
}

/** As assumed for loads everywhere; demotions are no faster than the same hardware gives loads. */
export const DEFAULT_TWIN_LINKS: TierLinks = {
  cpuToGpu: DEFAULT_TIER_LINKS.cpu,
  ssdToGpu: DEFAULT_TIER_LINKS.ssd,
  cpuToSsd: DEFAULT_TIER_LINKS.ssd,
  ssdToS3: DEFAULT_TIER_LINKS.s3,
  s3ToCpu: DEFAULT_TIER_LINKS.s3,
};
