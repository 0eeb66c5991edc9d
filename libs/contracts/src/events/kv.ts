import { z } from 'zod';
import { KV_WIRE } from '../kv-wire/wire.js';
import { count, engineId, event, name, packedU32, packedU64, tier } from './common.js';

const position = {
  engine: engineId,
  incarnation: count.describe('Life of the engine cache; a larger number fences every fact of a smaller one'),
  sequence: count.describe('Delta sequence inside the incarnation: starts at 1, no holes'),
};
const windowBlocks = count
  .optional()
  .describe(
    'Hybrid attention: blocks before a position that its sliding-window groups need; 0 or absent: there are none',
  );
const window = z
  .boolean()
  .optional()
  .describe('True: held by every sliding-window group of the engine; else by every group of full attention');
const checks = (of: string) =>
  packedU32
    .optional()
    .describe(`32 more bits of the hash of each key in ${of}; 0 = not known, absent = none known`);

const engineDelta = z.looseObject({
  ...position,
  cleared: z.boolean().describe('The engine dropped everything before the changes below'),
  windowBlocks,
  changes: z
    .array(
      z.looseObject({ tier, window, removed: packedU64, stored: packedU64, storedChecks: checks('stored') }),
    )
    .max(8)
    .describe('Apply order: cleared, removed, stored. A key is in one list of a tier at most'),
});

export const kvDelta = event({
  wire: z.literal(KV_WIRE).describe('Layout of this batch'),
  ingester: name.describe('Who follows these engines, or speaks for this storage'),
  deltas: z.array(engineDelta).min(1).max(10_000).describe('In order; of one engine there may be several'),
}).describe(
  'Blocks that engines stored and removed since the deltas before, coalesced, of one ingester and pool',
);

export const kvSnapshot = event({
  ...position,
  part: count,
  parts: z.number().int().min(1).max(1024),
  windowBlocks,
  tiers: z.array(z.looseObject({ tier, window, keys: packedU64, checks: checks('keys') })).max(8),
}).describe('Everything an engine holds after the delta with the same sequence');
