import type { StoredDelta } from '@penstock/core/ports';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { CorruptError } from './corrupt-error.js';
import { SEAL_BYTES, seal, unseal } from './sealed.js';
import { numberOfTier, tierOfNumber } from './tier-numbers.js';

const KIND = 2;
const HEADER_BYTES = 8 + 8 + 8 + 1;
const SECTION_HEADER_BYTES = 6;
const STORED = 1;
const REMOVED = 2;

/**
 * One entry of an engine's log: seal (8 bytes), incarnation (u64), sequence (u64), engine sequence (u64), cleared (u8),
 * then sections of kind (u8: 1 stored, 2 removed), tier number (u8), n (u32), n engine hashes (u64) and, when stored,
 * n keys (u64). Little-endian.
 */
export function packDelta(delta: StoredDelta): Buffer {
  let size = SEAL_BYTES + HEADER_BYTES;
  for (const { keys } of delta.changes) size += SECTION_HEADER_BYTES + keys.length * 16;
  for (const { engineHashes } of delta.removed) size += SECTION_HEADER_BYTES + engineHashes.length * 8;
  const writer = new ByteWriter(size);
  writer.safeInteger(0);
  writer.safeInteger(delta.incarnation);
  writer.safeInteger(delta.sequence);
  writer.safeInteger(delta.engineSequence);
  writer.u8(delta.cleared ? 1 : 0);
  for (const { tier, engineHashes, keys } of delta.changes) {
    if (engineHashes.length !== keys.length) {
      throw new RangeError(`tier ${tier} has ${engineHashes.length} engine hashes for ${keys.length} keys`);
    }
    writer.u8(STORED);
    writer.u8(numberOfTier(tier));
    writer.u32(keys.length);
    writer.u64Array(engineHashes);
    writer.u64Array(keys);
  }
  for (const { tier, engineHashes } of delta.removed) {
    writer.u8(REMOVED);
    writer.u8(numberOfTier(tier));
    writer.u32(engineHashes.length);
    writer.u64Array(engineHashes);
  }
  return seal(writer.bytes, KIND);
}

/** Reverse of `packDelta`; the engine's name is in the key, not in the record. Throws `CorruptError`. */
export function unpackDelta(bytes: Buffer): Omit<StoredDelta, 'engineId'> {
  const reader = new ByteReader(unseal(bytes, KIND));
  const incarnation = reader.safeInteger();
  const sequence = reader.safeInteger();
  const engineSequence = reader.safeInteger();
  const cleared = reader.u8() === 1;
  const changes = [];
  const removed = [];
  while (reader.remaining > 0) {
    const kind = reader.u8();
    const tier = tierOfNumber(reader.u8());
    const length = reader.u32();
    if (length * 8 > reader.remaining) throw new CorruptError(`${length} hashes do not fit`);
    const engineHashes = reader.u64Array(length);
    if (kind === STORED) changes.push({ tier, engineHashes, keys: reader.u64Array(length) });
    else if (kind === REMOVED) removed.push({ tier, engineHashes });
    else throw new CorruptError(`section kind ${kind}`);
  }
  return { incarnation, sequence, engineSequence, cleared, changes, removed };
}
