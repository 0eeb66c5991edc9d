import type { EngineBlocks, TierBlocks } from '@penstock/core/kv';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { pairsSize, readPairs, writePairs } from './pair-section.js';
import { SEAL_BYTES, seal, unseal } from './sealed.js';

const KIND = 1;
const WINDOW_BYTES = 4;

export interface Snapshot {
  /** As in `KvDelta`; 0: every group is dense. */
  readonly windowBlocks: number;
  readonly blocks: EngineBlocks;
}

/**
 * Everything an engine holds: seal (8 bytes), window blocks (u32), then per tier and window a section of pairs (see
 * `writePairs`). Little-endian; 20 bytes per pair with check bits, 16 without.
 */
export function packSnapshot({ blocks, windowBlocks }: Snapshot): Buffer {
  const size = blocks.reduce((sum, section) => sum + pairsSize(section), SEAL_BYTES + WINDOW_BYTES);
  const writer = new ByteWriter(size);
  writer.skip(SEAL_BYTES);
  writer.u32(windowBlocks);
  for (const section of blocks) writePairs(writer, section);
  return seal(writer.bytes, KIND);
}

/** Reverse of `packSnapshot`. Throws `CorruptError`. */
export function unpackSnapshot(bytes: Buffer): Snapshot {
  const reader = new ByteReader(unseal(bytes, KIND));
  const windowBlocks = reader.u32();
  const blocks: TierBlocks[] = [];
  while (reader.remaining > 0) blocks.push(readPairs(reader));
  return { windowBlocks, blocks };
}
