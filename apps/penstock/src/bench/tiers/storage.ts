import { DEFAULT_TIER_CREDITS } from '@penstock/core/routing';
import type { TierOptions } from '@penstock/core/twin';

/** One line of the table: what is behind the GPUs. */
export interface Storage {
  readonly name: string;
  /** Absent: nothing. */
  readonly tiers?: TierOptions;
  /** Whether engines load only what is quicker to load than to compute. */
  readonly gate: boolean;
}

const GB = 1e9;
/** A node of 8 GPUs with 8 data disks: reads and writes of one such disk times 8. */
const DISKS = {
  ssdToGpu: { bytesPerSecond: 24 * GB, latencyMs: 0.2 },
  cpuToSsd: { bytesPerSecond: 12 * GB, latencyMs: 0.2 },
};
const ONE_DISK = {
  ssdToGpu: { bytesPerSecond: 3 * GB, latencyMs: 0.2 },
  cpuToSsd: { bytesPerSecond: 3 * GB, latencyMs: 0.2 },
};

/** Per node, in bytes of the real KV cache; S3 has no limit. */
export const CPU_BYTES = 256 * GB;
export const SMALL_CPU_BYTES = 32 * GB;
export const SSD_BYTES = 2000 * GB;

const tiers: TierOptions = { cpuBytes: CPU_BYTES, ssdBytes: SSD_BYTES, s3Bytes: 0, links: DISKS };
const oneDisk: TierOptions = { ...tiers, links: ONE_DISK };

export const GPU_ONLY: Storage = { name: 'GPU only', gate: true };
export const THREE_TIERS: Storage = { name: 'CPU, SSD, S3', tiers, gate: true };
export const SMALL_CPU: Storage = {
  name: 'small CPU tier',
  tiers: { ...tiers, cpuBytes: SMALL_CPU_BYTES },
  gate: true,
};
/** On a disk that is slower than the GPU for short contexts, the gate is what keeps loads from hurting. */
export const ONE_DISK_GATED: Storage = { name: 'one disk', tiers: oneDisk, gate: true };
export const ONE_DISK_UNGATED: Storage = { name: 'one disk, load gate off', tiers: oneDisk, gate: false };
/** The router knows that this disk is worth little. */
export const ONE_DISK_KNOWN: Storage = {
  name: 'one disk, credit of ssd 0',
  tiers: { ...oneDisk, credits: { ...DEFAULT_TIER_CREDITS, ssd: 0 } },
  gate: true,
};
