import { kvnodeV1 } from '@penstock/contracts';
import { z } from 'zod';
import { NAME_OF_TIER } from './tier-names.js';

/** Longer than any path of the layout: whether it is one is answered per chunk. */
const path = z.string().min(1, 'is required').max(2048);
const scope = z
  .string()
  .max(320)
  // Printable ASCII, as it becomes a header of an S3 object.
  .regex(/^([!-.0-~]+\/[!-.0-~]+)?$/, 'must be <namespace>/<pool>');
const keys = z
  .instanceof(Uint8Array)
  .default(() => new Uint8Array(0))
  .refine((bytes) => bytes.length % 8 === 0, 'must be 8 bytes per key')
  .refine((bytes) => bytes.length <= 8 * 4096, 'at most 4,096 keys per chunk');
const sizeBytes = z
  .string()
  .regex(/^\d{1,16}$/, 'must be a number of bytes')
  .transform(Number)
  .refine(Number.isSafeInteger, 'is too large');
const crc32 = z.number().int().min(0).max(0xffff_ffff);
const anyTier = z.enum(kvnodeV1.Tier).transform((tier) => NAME_OF_TIER[tier]);
const namedTier = z
  .enum(kvnodeV1.Tier)
  .transform((tier) => NAME_OF_TIER[tier])
  .refine((tier) => tier !== undefined, 'is required')
  .transform((tier) => tier as NonNullable<typeof tier>);

export const watchInventoryRequest = z.object({});
export const statsRequest = z.object({});

export const adoptRequest = z.object({
  chunks: z
    .array(
      z.object({
        hash: z.string().regex(/^[0-9a-f]{16,128}$/, 'must be 16 to 128 lower-case hexadecimal digits'),
        scope,
        blockKeys: keys,
      }),
    )
    .max(4096, 'at most 4,096 chunks'),
});

export const moveRequest = z.object({
  moves: z
    .array(
      z.object({
        path,
        from: namedTier,
        to: anyTier,
        removeSource: z.boolean(),
        chunk: z
          .object({ path: z.string(), scope, blockKeys: keys, sizeBytes, crc32 })
          .nullish()
          .transform((chunk) => chunk ?? undefined),
      }),
    )
    .max(1024, 'at most 1,024 moves'),
});

export const verifyRequest = z.object({
  copies: z.array(z.object({ path, tier: namedTier, sizeBytes, crc32 })).max(4096, 'at most 4,096 copies'),
});
