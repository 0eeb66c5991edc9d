import type { EventTier } from '@penstock/core/kv';

/**
 * Storage media as engines name them in events (vLLM, SGLang, Mooncake, llm-d's storage backends), in
 * upper case. vLLM's `STORAGE`, SGLang's `EXTERNAL` and llm-d's `SHARED_STORAGE` do not say which kind, so they count
 * as the slowest: a prefix there is then never valued above what it costs to load.
 */
const MEDIA: Readonly<Record<string, EventTier>> = {
  GPU: 'gpu',
  CPU: 'cpu',
  CPU_PINNED: 'cpu',
  DISK: 'ssd',
  FS: 'ssd',
  SSD: 'ssd',
  STORAGE: 's3',
  SHARED_STORAGE: 's3',
  EXTERNAL: 's3',
  OBJ: 's3',
  OBJECT_STORE: 's3',
  S3: 's3',
};

/** Tier of a medium; engines that name none (vLLM before 0.11) mean the GPU. */
export function tierOfMedium(medium: unknown): EventTier {
  if (medium === undefined || medium === null) {
    return 'gpu';
  }
  return typeof medium === 'string' && Object.hasOwn(MEDIA, medium.toUpperCase())
    ? (MEDIA[medium.toUpperCase()] as EventTier)
    : 'unknown';
}

/** Whether a store on this medium announces one file of a storage tier of vLLM (file system or object store alike). */
export function isFileMedium(medium: unknown): boolean {
  return typeof medium === 'string' && medium.toUpperCase() === 'STORAGE';
}
