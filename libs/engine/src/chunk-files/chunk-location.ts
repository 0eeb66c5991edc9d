/** What the path of a chunk says: vLLM's file-system tier layout. */
export interface ChunkLocation {
  /** Name of the model; a `/` becomes `_` in the path and stays `_` when a path is parsed. */
  readonly model: string;
  /** Digest of the layout's fields, 12 lower-case hexadecimal digits: see `layoutDigest`. */
  readonly digest: string;
  /** Rank of the worker that wrote it; 0 where the layout does not depend on parallelism. */
  readonly rank: number;
  /** Index of the KV-cache group. */
  readonly group: number;
  /** Full engine hash of the chunk's last block, 16 to 128 lower-case hexadecimal digits. */
  readonly hash: string;
}
