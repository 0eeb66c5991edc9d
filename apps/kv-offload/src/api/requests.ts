import { kvoffloadV1 } from '@penstock/contracts';
import type { StorageTier } from '@penstock/core/tiering';
import { z } from 'zod';

const MAX_KEYS = 65_536;
const { Tier } = kvoffloadV1;
const TIERS: Readonly<Record<string, StorageTier | undefined>> = {
  [Tier.TIER_CPU]: 'cpu',
  [Tier.TIER_SSD]: 'ssd',
  [Tier.TIER_S3]: 's3',
};

const tier = z
  .enum(Tier, { error: 'is no tier' })
  .default(Tier.TIER_UNSPECIFIED)
  .transform((value) => TIERS[value]);
const node = z
  .string()
  .max(253)
  .default('')
  .transform((value) => (value === '' ? undefined : value));

/** `Locate`. */
export const locateRequest = z.object({
  poolNamespace: z.string().min(1, 'is required').max(63),
  pool: z.string().min(1, 'is required').max(253),
  blockKeys: z
    .instanceof(Uint8Array)
    .default(() => new Uint8Array(0))
    .refine((bytes) => bytes.length > 0, 'is required')
    .refine((bytes) => bytes.length % 8 === 0, 'must be 8 bytes per key')
    .refine((bytes) => bytes.length <= 8 * MAX_KEYS, `at most ${MAX_KEYS} keys`),
});
export const listChunksRequest = z.object({ tier, node });
export const verifyRequest = z.object({ tier, node, limit: z.number().int().min(0).default(0) });
