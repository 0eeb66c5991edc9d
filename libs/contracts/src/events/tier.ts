import { z } from 'zod';
import { count, engineId, event, millis, name, packedU64, tier } from './common.js';

const storedFile = z.object({
  hash: z
    .string()
    .regex(/^[0-9a-f]{16,128}$/)
    .describe("Engine's hash of the last block: it names the file"),
  keys: packedU64.describe('Keys of all blocks in the file, in prompt order'),
});

export const tierStored = event({
  engine: engineId,
  node: name,
  files: z.array(storedFile).min(1).max(1024),
}).describe('An engine wrote blocks to the storage of its node');
export const tierMoved = event({
  engine: engineId.optional(),
  node: name.optional().describe('Node that has, or had, the copy; absent when only S3 is concerned'),
  from: tier.nullable().describe('Null: written by an engine'),
  to: tier.nullable().describe('Null: removed'),
  reason: name.optional().describe('Why, in one word'),
  keys: packedU64,
  bytes: count,
  durationMs: millis,
}).describe('Blocks were copied to, or removed from, a tier');
export const tierPressure = event({
  node: name.optional(),
  tier,
  usedBytes: count,
  capacityBytes: count,
}).describe('A tier is close to full');
