import type { EngineBlocks } from '@penstock/core/kv';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { CorruptError } from './corrupt-error.js';
import { SEAL_BYTES, seal, unseal } from './sealed.js';
import { numberOfTier, tierOfNumber } from './tier-numbers.js';

const KIND = 1;
const TIER_HEADER_BYTES = 5;
const PAIR_BYTES = 16;

/**
 * Everything an engine holds: seal (8 bytes), then per tier its number (u8), the number of pairs n (u32), n engine
 * hashes (u64) and n keys (u64). Little-endian; 16 bytes per pair.
 */
export function packSnapshot(blocks: EngineBlocks): Buffer {
  const size = blocks.reduce(
    (sum, { keys }) => sum + TIER_HEADER_BYTES + keys.length * PAIR_BYTES,
    SEAL_BYTES,
  );
  const writer = new ByteWriter(size);
  writer.safeInteger(0);
  for (const { tier, engineHashes, keys } of blocks) {
    if (engineHashes.length !== keys.length) {
      throw new RangeError(`tier ${tier} has ${engineHashes.length} engine hashes for ${keys.length} keys`);
    }
    writer.u8(numberOfTier(tier));
    writer.u32(keys.length);
    writer.u64Array(engineHashes);
    writer.u64Array(keys);
  }
  return seal(writer.bytes, KIND);
}

/** Reverse of `packSnapshot`. Throws `CorruptError`. */
export function unpackSnapshot(bytes: Buffer): EngineBlocks {
  const reader = new ByteReader(unseal(bytes, KIND));
  const blocks = [];
  while (reader.remaining > 0) {
    const tier = tierOfNumber(reader.u8());
    const pairs = reader.u32();
    if (pairs * PAIR_BYTES > reader.remaining) throw new CorruptError(`${pairs} pairs do not fit`);
    blocks.push({ tier, engineHashes: reader.u64Array(pairs), keys: reader.u64Array(pairs) });
  }
  return blocks;
}
