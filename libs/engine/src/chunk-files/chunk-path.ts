import type { ChunkLocation } from './chunk-location.js';
import { layoutFolder } from './layout-folder.js';
import { parseChunkPath } from './parse-chunk-path.js';

/**
 * Path of a chunk below the root of a tier, or below the prefix of a bucket:
 * `<model with / as _>_<digest>_r<rank>/<hash[0:3]>/<hash[3:5]>_g<group>/<hash>.bin`.
 * @throws RangeError when a part would make a path that `parseChunkPath` refuses
 */
export function chunkPath({ model, digest, rank, group, hash }: ChunkLocation): string {
  const folder = `${layoutFolder(model, digest)}_r${rank}`;
  const path = `${folder}/${hash.slice(0, 3)}/${hash.slice(3, 5)}_g${group}/${hash}.bin`;
  if (parseChunkPath(path) === undefined) {
    throw new RangeError(
      `no chunk can be stored as ${JSON.stringify(path)}: the digest is 12 and the hash 16 to 128 lower-case ` +
        'hexadecimal digits, rank and group are whole numbers below 1,000,000, the model has no control characters',
    );
  }
  return path;
}
