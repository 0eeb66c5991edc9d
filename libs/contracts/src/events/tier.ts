import { count, engineId, event, millis, name, packedU64, tier } from './common.js';

export const tierMoved = event({
  engine: engineId.optional(),
  node: name.optional(),
  from: tier.nullable(),
  to: tier.nullable().describe('Null: removed'),
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
