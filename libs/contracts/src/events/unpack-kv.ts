import type { z } from 'zod';
import type { kvDelta, kvSnapshot } from './kv.js';
import { unpackU64 } from './packed.js';

/** A `kv.delta` with its keys as 64-bit integers. Throws when a list of keys is no whole number of them. */
export function unpackKvDelta(event: z.output<typeof kvDelta>) {
  const { engine: engineId, incarnation, sequence, cleared, changes } = event;
  return {
    engineId,
    incarnation,
    sequence,
    cleared,
    changes: changes.map(({ tier, stored, removed }) => ({
      tier,
      stored: unpackU64(stored),
      removed: unpackU64(removed),
    })),
  };
}

/** A `kv.snapshot`, or one part of it, with its keys as 64-bit integers. Throws as `unpackKvDelta`. */
export function unpackKvSnapshot(event: z.output<typeof kvSnapshot>) {
  const { engine: engineId, incarnation, sequence, part, parts, tiers } = event;
  const unpacked = tiers.map(({ tier, keys }) => ({ tier, keys: unpackU64(keys) }));
  return { engineId, incarnation, sequence, part, parts, tiers: unpacked };
}
