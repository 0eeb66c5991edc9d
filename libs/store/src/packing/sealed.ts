import { crc32 } from 'node:zlib';
import { CorruptError } from './corrupt-error.js';

/** Version of the packed layouts; a value of another version is not read. */
export const LAYOUT_VERSION = 2;
export const SEAL_BYTES = 8;

/** Fills the first 8 bytes: CRC-32 of the rest (u32), layout version (u8), kind (u8), zero (u16). */
export function seal(bytes: Buffer, kind: number): Buffer {
  bytes.writeUInt8(LAYOUT_VERSION, 4);
  bytes.writeUInt8(kind, 5);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** What follows the seal; throws `CorruptError` when a bit has changed or the kind is another. */
export function unseal(bytes: Buffer, kind: number): Buffer {
  if (bytes.length < SEAL_BYTES) throw new CorruptError(`only ${bytes.length} bytes`);
  if (crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) throw new CorruptError('checksum mismatch');
  const [version, actualKind] = [bytes.readUInt8(4), bytes.readUInt8(5)];
  if (version !== LAYOUT_VERSION || actualKind !== kind) {
    throw new CorruptError(
      `layout version ${version}, kind ${actualKind} where ${LAYOUT_VERSION}, ${kind} is expected`,
    );
  }
  return bytes.subarray(SEAL_BYTES);
}
