import { ArenaColumns } from './arena-columns.js';
import { openColumns } from './column-memory.js';
import { EngineNames } from './engine-names.js';
import { IndexView } from './index-view.js';
import { GENERATION } from './layout.js';
import { ARENA_VERSION, type SharedIndexHandle } from './shared-index-handle.js';
import { SharedLock } from './shared-lock.js';

export interface PrefixIndexReaderOptions {
  /** Longest time that one read waits for the writer, which holds the lock for some ten microseconds at a time. Default 250. */
  readonly lockTimeoutMs?: number;
}

/**
 * Reads an index that another thread writes, in its memory: what `PrefixIndex` answers there, here. There may be one reader
 * of an index. A read that does not get the lock in time, as when the writing thread died holding it, answers as if
 * nothing were held and is counted; the next ones then do not wait until one succeeds.
 */
export class PrefixIndexReader extends IndexView {
  /** Reads that did not get the lock in time. */
  timeouts = 0;
  private readonly lock: SharedLock;
  private readonly lockTimeoutMs: number;
  /** Of no arena: the first read takes all views anew. */
  private generation = -1;
  private stalled = false;

  /** Throws an Error on a handle of another version of the index, or on what is none. */
  constructor(handle: SharedIndexHandle, options: PrefixIndexReaderOptions = {}) {
    if (handle?.version !== ARENA_VERSION || typeof handle.columns !== 'object')
      throw new Error(
        `the handle of the index has version ${handle?.version}, this reader ${ARENA_VERSION}: both threads must run the same build`,
      );
    const columns = new ArenaColumns(openColumns(handle.columns), { maxHolders: 0, maxBytes: 0 });
    super(columns, new EngineNames(columns));
    this.lock = new SharedLock(columns.control);
    this.lockTimeoutMs = options.lockTimeoutMs ?? 250;
  }

  protected reading<T>(read: () => T, otherwise: () => T): T {
    if (!this.lock.tryLockAsReader(this.stalled ? 0 : this.lockTimeoutMs)) {
      this.stalled = true;
      this.timeouts++;
      return otherwise();
    }
    this.stalled = false;
    try {
      const generation = this.columns.control[GENERATION] as number;
      if (generation !== this.generation) {
        this.generation = generation;
        this.columns.refresh();
      }
      this.names.readLog();
      return read();
    } finally {
      this.lock.unlock();
    }
  }
}
