import type { ColumnBuffers } from './column-memory.js';

/** Layout of the columns that the handle names; another one is refused. */
export const ARENA_VERSION = 4;

/**
 * What another thread opens a `PrefixIndexReader` from: `PrefixIndex.handle()`, sent by `postMessage`. It stays valid for
 * the index's whole life, for the buffers grow in place.
 */
export interface SharedIndexHandle {
  readonly version: number;
  readonly columns: ColumnBuffers;
}
