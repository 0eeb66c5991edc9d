import { packU64 } from '@penstock/contracts';
import type { StoredFile } from '@penstock/core/kv';
import type { EventBus } from '@penstock/core/ports';
import type { EngineFollower } from './follow-engine.js';
import { MAX_FILES_PER_MESSAGE } from './is-full-of-files.js';

/** Keys in one message at most: with the names of the files about 450 kB. */
const MAX_KEYS = 32_768;

/**
 * Tells kv-offload which files engines wrote to the storage of their nodes. A file told twice is the same fact: a replay
 * tells some again.
 */
export class FileForwarder {
  /** Files told. */
  forwarded = 0;
  /** Files of engines whose node is not known: nobody could find them. */
  withoutNode = 0;

  constructor(private readonly bus: EventBus) {}

  /** Tells the files that the engine announced since the last call. */
  forward({ cache, endpoint, engineId, pool }: EngineFollower): void {
    if (!cache || cache.pendingFiles === 0) return;
    const files = cache.takeFiles();
    const node = endpoint.nodeName;
    if (node === undefined) {
      this.withoutNode += files.length;
      return;
    }
    for (const batch of batches(files)) {
      const packed = batch.map(({ hash, keys }) => ({ hash, keys: packU64(keys) }));
      const data = { engine: engineId, node, files: packed };
      this.bus.publish({
        type: 'tier.stored',
        namespace: pool.namespace,
        pool: pool.name,
        key: engineId,
        data,
      });
      this.forwarded += batch.length;
    }
  }
}

function* batches(files: readonly StoredFile[]): Generator<StoredFile[]> {
  let batch: StoredFile[] = [];
  let keys = 0;
  for (const file of files) {
    if (batch.length === MAX_FILES_PER_MESSAGE || (batch.length > 0 && keys + file.keys.length > MAX_KEYS)) {
      yield batch;
      batch = [];
      keys = 0;
    }
    batch.push(file);
    keys += file.keys.length;
  }
  yield batch;
}
