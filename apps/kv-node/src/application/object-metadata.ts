import type { ObjectMetadata } from '@penstock/core/ports';
import { ChunkProblem } from '../tiers/chunk-problem.js';

const CRC = 'penstock-crc32';
const KEYS = 'penstock-keys';
const SCOPE = 'penstock-scope';
/** What S3 takes as user metadata, names and values together. */
const MAX_BYTES = 2048;

interface ObjectFacts {
  readonly crc32?: number;
  readonly keys: Uint8Array;
  readonly scope: string;
}

/**
 * What is kept beside a chunk on S3: `penstock-crc32` (8 hexadecimal digits), `penstock-keys` (base64 of 8 bytes
 * little-endian each), `penstock-scope`.
 * @throws ChunkProblem `invalid` when it is more than S3 takes
 */
export function objectMetadata(crc32: number, keys: Uint8Array, scope: string): ObjectMetadata {
  const metadata = {
    [CRC]: crc32.toString(16).padStart(8, '0'),
    ...(keys.length === 0 ? {} : { [KEYS]: Buffer.from(keys).toString('base64') }),
    ...(scope === '' ? {} : { [SCOPE]: scope }),
  };
  const bytes = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > MAX_BYTES) {
    throw new ChunkProblem(
      'invalid',
      `${keys.length / 8} keys do not fit into the metadata of an S3 object; use fewer blocks_per_chunk (up to 128)`,
    );
  }
  return metadata;
}

/** Reverse of `objectMetadata`; what is damaged or absent is left out. */
export function readObjectMetadata(metadata: ObjectMetadata): ObjectFacts {
  const crc = metadata[CRC] ?? '';
  const keys = Buffer.from(metadata[KEYS] ?? '', 'base64');
  return {
    ...(/^[0-9a-f]{8}$/.test(crc) ? { crc32: Number.parseInt(crc, 16) } : {}),
    keys: keys.length % 8 === 0 ? keys : new Uint8Array(0),
    scope: metadata[SCOPE] ?? '',
  };
}
