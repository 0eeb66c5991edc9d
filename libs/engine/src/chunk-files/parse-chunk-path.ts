import type { ChunkLocation } from './chunk-location.js';

const NUMBER = '(0|[1-9]\\d{0,5})';
// The folder may not hold separators of any system nor control characters.
const FOLDER = new RegExp(`^([^/\\\\\\u0000-\\u001f\\u007f]+)_([0-9a-f]{12})_r${NUMBER}$`, 'u');
const GROUP = new RegExp(`^([0-9a-f]{2})_g${NUMBER}$`);
const FILE = /^([0-9a-f]{16,128})\.bin$/;
/** Longest name of a folder on common file systems. */
const MAX_NAME_BYTES = 255;

/**
 * Takes the path of a chunk apart. Strict: what comes from outside and is no path of the layout (absolute, with
 * `..`, of another depth, with a hash that does not match its folders) gives undefined.
 * The model comes back as written in the path, with `_` for `/`.
 */
export function parseChunkPath(path: string): ChunkLocation | undefined {
  const parts = path.split('/');
  if (parts.length !== 4) return undefined;
  const [folder = '', first = '', second = '', name = ''] = parts;
  const layout = FOLDER.exec(folder);
  const inner = GROUP.exec(second);
  const file = FILE.exec(name);
  if (layout === null || inner === null || file === null) return undefined;
  if (!folder.isWellFormed() || Buffer.byteLength(folder) > MAX_NAME_BYTES) return undefined;
  const [, model = '', digest = '', rank] = layout;
  const [, hash = ''] = file;
  if (hash.slice(0, 3) !== first || hash.slice(3, 5) !== inner[1]) return undefined;
  return { model, digest, rank: Number(rank), group: Number(inner[2]), hash };
}
