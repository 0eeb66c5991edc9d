import type { z } from 'zod';
import type { tier } from '../events/common.js';
import type { kvDelta, kvSnapshot } from '../events/kv.js';
import { packU32, packU64 } from './packed.js';
import { KV_BATCH_BYTES, KV_WIRE } from './wire.js';

type TierName = z.output<typeof tier>;
type DeltaBatch = z.output<typeof kvDelta>;
type PackedDelta = DeltaBatch['deltas'][number];
type PackedSnapshot = z.output<typeof kvSnapshot>;

/** A delta to publish: `KvDelta` of @penstock/core. */
export interface DeltaToPack {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  readonly cleared: boolean;
  readonly windowBlocks?: number;
  readonly changes: ReadonlyArray<{
    readonly tier: TierName;
    readonly window?: boolean;
    readonly removed: BigUint64Array;
    readonly stored: BigUint64Array;
    readonly storedChecks?: Uint32Array;
  }>;
}

/** A snapshot, or a part of one, to publish: `KvSnapshotPart` of @penstock/core. */
export interface SnapshotToPack {
  readonly engineId: string;
  readonly incarnation: number;
  readonly sequence: number;
  readonly part: number;
  readonly parts: number;
  readonly windowBlocks?: number;
  readonly tiers: ReadonlyArray<{
    readonly tier: TierName;
    readonly window?: boolean;
    readonly keys: BigUint64Array;
    readonly checks?: Uint32Array;
  }>;
}

/** Braces, names and numbers of a delta in JSON, its name and keys aside. */
const DELTA_BYTES = 160;
/** The same of a change. */
const CHANGE_BYTES = 90;
/** The same of the batch. */
const BATCH_BYTES = 64;

/**
 * The deltas of one pool as data of `kv.delta` events, in order and with as few events as `maxBytes` of JSON allow. A delta
 * that is larger than that gets an event of its own.
 */
export function packKvDeltas(
  ingester: string,
  deltas: Iterable<DeltaToPack>,
  maxBytes = KV_BATCH_BYTES,
): DeltaBatch[] {
  const batches: DeltaBatch[] = [];
  const head = BATCH_BYTES + bytesOf(ingester);
  let bytes = 0;
  for (const delta of deltas) {
    const packed = packDelta(delta);
    const more = packedBytes(packed);
    const last = batches.at(-1);
    if (last && bytes + more <= maxBytes) {
      last.deltas.push(packed);
      bytes += more;
    } else {
      batches.push({ wire: KV_WIRE, ingester, deltas: [packed] });
      bytes = head + more;
    }
  }
  return batches;
}

/** Event id of a batch: a delta is in one batch only, so that the first one names it. */
export function kvBatchId({ ingester, deltas }: DeltaBatch): string {
  const first = deltas[0];
  return `${ingester}:${first?.engine}:${first?.incarnation}:${first?.sequence}`;
}

/** The data of a `kv.snapshot` event. */
export function packKvSnapshot({ engineId, tiers, ...position }: SnapshotToPack): PackedSnapshot {
  return {
    engine: engineId,
    ...position,
    tiers: tiers.map(({ tier, window, keys, checks }) => ({
      tier,
      ...(window ? { window } : {}),
      keys: packU64(keys),
      ...(checks ? { checks: packU32(checks) } : {}),
    })),
  };
}

function packDelta({ engineId, changes, ...position }: DeltaToPack): PackedDelta {
  return {
    engine: engineId,
    ...position,
    changes: changes.map(({ tier, window, removed, stored, storedChecks }) => ({
      tier,
      ...(window ? { window } : {}),
      removed: packU64(removed),
      stored: packU64(stored),
      ...(storedChecks ? { storedChecks: packU32(storedChecks) } : {}),
    })),
  };
}

/** Upper bound of the bytes of a packed delta in JSON. */
function packedBytes({ engine, changes }: PackedDelta): number {
  return changes.reduce(
    (sum, { removed, stored, storedChecks = '' }) =>
      sum + CHANGE_BYTES + removed.length + stored.length + storedChecks.length,
    DELTA_BYTES + bytesOf(engine),
  );
}

function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
