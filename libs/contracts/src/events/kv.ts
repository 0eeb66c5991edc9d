import { z } from 'zod';
import { count, engineId, event, packedU64, tier } from './common.js';

const position = {
  engine: engineId,
  incarnation: count.describe('Life of the engine cache; a larger number fences every fact of a smaller one'),
  sequence: count.describe('Delta sequence inside the incarnation: starts at 1, no holes'),
};

export const kvDelta = event({
  ...position,
  cleared: z.boolean().describe('The engine dropped everything before the changes below'),
  changes: z
    .array(z.object({ tier, removed: packedU64, stored: packedU64 }))
    .max(4)
    .describe('Apply order: cleared, removed, stored. A key is in one list at most'),
}).describe('Blocks that one engine stored and removed since the delta before, coalesced');

export const kvSnapshot = event({
  ...position,
  part: count,
  parts: z.number().int().min(1).max(1024),
  tiers: z.array(z.object({ tier, keys: packedU64 })).max(4),
}).describe('Everything an engine holds after the delta with the same sequence');
