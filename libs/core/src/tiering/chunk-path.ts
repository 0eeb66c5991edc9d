/** A chunk's path taken apart: `<folder>/<hex[0:3]>/<hex[3:5]>_g<group>/<hex>.bin` in vLLM's layout. */
export interface ChunkPath {
  /** `<model>_<digest of the layout>_r<rank>`. */
  readonly folder: string;
  /** KV cache group. */
  readonly group: number;
  /** Hexadecimal hash of the last block. */
  readonly hash: string;
}

const PATTERN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in a path
  /^([^/\\\u0000-\u001f]{1,200}_[0-9a-f]{12}_r\d{1,5})\/([0-9a-f]{3})\/([0-9a-f]{2})_g(\d{1,3})\/([0-9a-f]{16,128})\.bin$/;

/** Undefined for anything that is not exactly such a path: nothing else is ever read, written or removed. */
export function parseChunkPath(path: string): ChunkPath | undefined {
  const found = PATTERN.exec(path);
  if (!found) return undefined;
  const [, folder, first, second, group, hash] = found as unknown as string[];
  if (!hash?.startsWith(`${first}${second}`)) return undefined;
  return { folder: folder as string, group: Number(group), hash };
}

/** Reverse of `parseChunkPath`. */
export function chunkPath({ folder, group, hash }: ChunkPath): string {
  return `${folder}/${hash.slice(0, 3)}/${hash.slice(3, 5)}_g${group}/${hash}.bin`;
}
