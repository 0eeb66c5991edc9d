import type { TierBlocks } from '@penstock/core/kv';

/** Each hash as 8 bytes. */
export function hashBytes(hashes: BigUint64Array): Buffer[] {
  return Array.from(hashes, (_, i) => Buffer.from(hashes.buffer, hashes.byteOffset + i * 8, 8));
}

/** Each block as key and check bits (12 bytes), or with its engine hash before them (20 bytes). */
export function recordBytes({ engineHashes, keys, checks }: TierBlocks, withHash: boolean): Buffer[] {
  return Array.from(keys, (key, i) => {
    const bytes = Buffer.alloc(withHash ? 20 : 12);
    let offset = withHash ? bytes.writeBigUInt64BE(engineHashes[i]!, 0) : 0;
    offset = bytes.writeBigUInt64LE(key, offset);
    bytes.writeUInt32LE(checks?.[i] ?? 0, offset);
    return bytes;
  });
}
