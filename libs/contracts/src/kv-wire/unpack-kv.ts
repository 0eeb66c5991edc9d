import type { z } from 'zod';
import type { kvDelta, kvSnapshot } from '../events/kv.js';
import { unpackU32, unpackU64 } from './packed.js';
import { KV_WIRE } from './wire.js';

type DeltaBatch = z.output<typeof kvDelta>;

/**
 * The deltas of a `kv.delta`, one after the other, with their keys as 64-bit integers. Throws at the first that cannot be
 * read, or before it when the layout of the batch is not known.
 */
export function* unpackKvDeltas(batch: DeltaBatch) {
  assertKvWire(batch);
  for (const delta of batch.deltas) yield unpackKvDelta(delta);
}

/** Whether a batch has the layout that is known here; if not, nothing else of it may be believed. */
export function isKnownKvWire({ wire }: { readonly wire?: unknown }): boolean {
  return wire === KV_WIRE;
}

/** Throws when `isKnownKvWire` denies. */
export function assertKvWire(batch: { readonly wire?: unknown }): void {
  if (isKnownKvWire(batch)) return;
  const told = JSON.stringify(batch.wire) ?? 'none';
  throw new Error(`kv.delta has wire ${told} and this version reads ${KV_WIRE}: update the reader`);
}

/** One delta of a batch. Throws when a list is no whole number of keys, or has not one check for each of them. */
export function unpackKvDelta(delta: DeltaBatch['deltas'][number]) {
  const { engine: engineId, incarnation, sequence, cleared, windowBlocks, changes } = delta;
  return {
    ...{ engineId, incarnation, sequence, cleared },
    ...(windowBlocks === undefined ? {} : { windowBlocks }),
    changes: changes.map(({ tier, window, stored, removed, storedChecks }) => {
      const keys = unpackU64(stored);
      return {
        tier,
        ...(window ? { window } : {}),
        stored: keys,
        removed: unpackU64(removed),
        ...(storedChecks === undefined ? {} : { storedChecks: checksOf(keys, storedChecks) }),
      };
    }),
  };
}

/** A `kv.snapshot`, or one part of it, with its keys as 64-bit integers. Throws as `unpackKvDelta`. */
export function unpackKvSnapshot(event: z.output<typeof kvSnapshot>) {
  const { engine: engineId, incarnation, sequence, part, parts, windowBlocks, tiers } = event;
  return {
    ...{ engineId, incarnation, sequence, part, parts },
    ...(windowBlocks === undefined ? {} : { windowBlocks }),
    tiers: tiers.map(({ tier, window, keys: packed, checks }) => {
      const keys = unpackU64(packed);
      return {
        tier,
        ...(window ? { window } : {}),
        keys,
        ...(checks === undefined ? {} : { checks: checksOf(keys, checks) }),
      };
    }),
  };
}

function checksOf(keys: BigUint64Array, packed: string): Uint32Array {
  const checks = unpackU32(packed);
  if (checks.length !== keys.length)
    throw new Error(`${keys.length} keys have ${checks.length} checks, and should have one each`);
  return checks;
}
