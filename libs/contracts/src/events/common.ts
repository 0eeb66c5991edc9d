import { z } from 'zod';

/** Base64 of packed unsigned 64-bit little-endian integers. */
export const packedU64 = z
  .string()
  .regex(/^[A-Za-z0-9+/]*={0,2}$/)
  .max(1_500_000)
  .describe('Base64 of packed unsigned 64-bit little-endian integers');
/** Base64 of packed unsigned 32-bit little-endian integers. */
export const packedU32 = packedU64.describe('Base64 of packed unsigned 32-bit little-endian integers');
export const tier = z.enum(['gpu', 'cpu', 'ssd', 's3']).describe('Storage tier');
export const name = z.string().min(1).max(512);
export const count = z.number().int().nonnegative();
export const millis = z.number().nonnegative().describe('Milliseconds');
export const engineId = name.describe(
  'Engine: <namespace>/<pod>, followed by #<rank> for data-parallel ranks above 0; in kv events also storage: ' +
    '@<namespace>/<pool>/node/<node> or @<namespace>/<pool>/s3',
);
export const address = z.string().max(300).describe('ip:port');
export const role = z.enum(['prefill', 'decode', 'both', 'batch']);

/** A schema that keeps fields it does not know: newer publishers may add some. */
export const event = <S extends z.ZodRawShape>(shape: S) => z.looseObject(shape);
