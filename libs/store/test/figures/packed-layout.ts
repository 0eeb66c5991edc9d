import type { StoredDelta } from '@penstock/core/ports';
import { RedisBlockStore } from '../../src/index.js';
import type { Layout } from './layout.js';

const POOL = ['ns', 'pool'] as const;

/** The block store itself: packed snapshot and packed log, one script call per shard and tick. */
export class PackedLayout implements Layout {
  private readonly store: RedisBlockStore;

  constructor(url: string, options: { readonly foldAboveBytes?: number } = {}) {
    this.store = RedisBlockStore.connect({ urls: [url], ...options, maxWaitingBytes: 2 ** 31 });
  }

  async write(deltas: readonly StoredDelta[]): Promise<void> {
    const answers = await Promise.all(deltas.map((delta) => this.store.append(...POOL, delta)));
    if (!answers.every(Boolean)) throw new Error('a delta was refused');
  }

  async loadAll(): Promise<number> {
    let blocks = 0;
    for await (const engine of this.store.loadPool(...POOL))
      for (const { keys } of engine.blocks) blocks += keys.length;
    return blocks;
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
