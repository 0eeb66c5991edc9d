import type { TierBlocks } from '@penstock/core/kv';
import type { StoredDelta } from '@penstock/core/ports';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { CorruptError } from './corrupt-error.js';
import { pairsSize, readPairs, writePairs } from './pair-section.js';
import { placeFlags, readPlaceFlags } from './place-flags.js';
import { SEAL_BYTES, seal, unseal } from './sealed.js';

const KIND = 2;
const HEADER_BYTES = 8 + 8 + 8 + 4 + 1;
const REMOVED_HEADER_BYTES = 5;
const STORED = 1;
const REMOVED = 2;

/** A delta without the engine's name, which is in the key. */
export type DeltaRecord = Omit<StoredDelta, 'engineId' | 'windowBlocks'> & { readonly windowBlocks: number };

/**
 * One entry of an engine's log: seal (8 bytes), incarnation (u64), sequence (u64), engine sequence (u64), window blocks
 * (u32), cleared (u8), then sections of kind (u8): 1 stored, pairs as in `writePairs`; 2 removed, flags (u8, see
 * `placeFlags`), n (u32), n engine hashes (u64). Little-endian.
 */
export function packDelta(delta: Omit<StoredDelta, 'engineId'>): Buffer {
  let size = SEAL_BYTES + HEADER_BYTES;
  for (const section of delta.changes) size += 1 + pairsSize(section);
  for (const { engineHashes } of delta.removed) size += 1 + REMOVED_HEADER_BYTES + engineHashes.byteLength;
  const writer = new ByteWriter(size);
  writer.skip(SEAL_BYTES);
  writer.safeInteger(delta.incarnation);
  writer.safeInteger(delta.sequence);
  writer.safeInteger(delta.engineSequence);
  writer.u32(delta.windowBlocks ?? 0);
  writer.u8(delta.cleared ? 1 : 0);
  for (const section of delta.changes) {
    writer.u8(STORED);
    writePairs(writer, section);
  }
  for (const { engineHashes, ...place } of delta.removed) {
    writer.u8(REMOVED);
    writer.u8(placeFlags(place, false));
    writer.u32(engineHashes.length);
    writer.u64Array(engineHashes);
  }
  return seal(writer.bytes, KIND);
}

/** Reverse of `packDelta`. Throws `CorruptError`. */
export function unpackDelta(bytes: Buffer): DeltaRecord {
  const reader = new ByteReader(unseal(bytes, KIND));
  const incarnation = reader.safeInteger();
  const sequence = reader.safeInteger();
  const engineSequence = reader.safeInteger();
  const windowBlocks = reader.u32();
  const cleared = reader.u8() === 1;
  const changes: TierBlocks[] = [];
  const removed: Array<StoredDelta['removed'][number]> = [];
  while (reader.remaining > 0) {
    const kind = reader.u8();
    if (kind === STORED) changes.push(readPairs(reader));
    else if (kind === REMOVED) removed.push(readRemoved(reader));
    else throw new CorruptError(`section kind ${kind}`);
  }
  return { incarnation, sequence, engineSequence, windowBlocks, cleared, changes, removed };
}

function readRemoved(reader: ByteReader) {
  const { place } = readPlaceFlags(reader.u8());
  const n = reader.u32();
  if (n * 8 > reader.remaining) throw new CorruptError(`${n} hashes do not fit`);
  return { ...place, engineHashes: reader.u64Array(n) };
}
