import type { StoredDelta } from '@penstock/core/ports';

/** One way to keep engine caches in Redis. */
export interface Layout {
  /** Writes a tick's deltas, each of another engine; resolves when Redis has taken them. */
  write(deltas: readonly StoredDelta[]): Promise<void>;
  /** Reads every engine; returns the number of blocks. */
  loadAll(engineIds: readonly string[]): Promise<number>;
  close(): Promise<void>;
}
