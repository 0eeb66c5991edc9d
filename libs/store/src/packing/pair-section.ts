import type { TierBlocks } from '@penstock/core/kv';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { CorruptError } from './corrupt-error.js';
import { placeFlags, readPlaceFlags } from './place-flags.js';

const HEADER_BYTES = 5;
const HASH_BYTES = 8;
const KEY_BYTES = 8;
const CHECK_BYTES = 4;

/** Bytes that `writePairs` will take; throws `RangeError` when the arrays differ in length. */
export function pairsSize({ tier, engineHashes, keys, checks }: TierBlocks): number {
  const n = keys.length;
  if (engineHashes.length !== n)
    throw new RangeError(`tier ${tier} has ${engineHashes.length} engine hashes for ${n} keys`);
  if (checks && checks.length !== n)
    throw new RangeError(`tier ${tier} has ${checks.length} check bits for ${n} keys`);
  return HEADER_BYTES + n * (HASH_BYTES + KEY_BYTES + (checks ? CHECK_BYTES : 0));
}

/** Blocks of one place: flags (u8, see `placeFlags`), n (u32), n engine hashes, n keys (u64) and, as flagged, n checks (u32). */
export function writePairs(writer: ByteWriter, blocks: TierBlocks): void {
  writer.u8(placeFlags(blocks, blocks.checks !== undefined));
  writer.u32(blocks.keys.length);
  writer.u64Array(blocks.engineHashes);
  writer.u64Array(blocks.keys);
  if (blocks.checks) writer.u32Array(blocks.checks);
}

/** Reverse of `writePairs`; throws `CorruptError`. */
export function readPairs(reader: ByteReader): TierBlocks {
  const { place, hasChecks } = readPlaceFlags(reader.u8());
  const n = reader.u32();
  if (n * (HASH_BYTES + KEY_BYTES + (hasChecks ? CHECK_BYTES : 0)) > reader.remaining)
    throw new CorruptError(`${n} pairs do not fit`);
  const engineHashes = reader.u64Array(n);
  const keys = reader.u64Array(n);
  return hasChecks
    ? { ...place, engineHashes, keys, checks: reader.u32Array(n) }
    : { ...place, engineHashes, keys };
}
