import type { StoredDelta } from '@penstock/core/ports';
import { Redis } from 'ioredis';
import type { Layout } from './layout.js';
import { hashBytes, recordBytes } from './raw-bytes.js';

/** A HASH per engine: field = engine hash (8 bytes), value = key and check bits (12 bytes). */
export class HashPerEngineLayout implements Layout {
  private readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url);
  }

  async write(deltas: readonly StoredDelta[]): Promise<void> {
    const pipeline = this.client.pipeline();
    for (const { engineId, changes, removed } of deltas) {
      for (const { engineHashes } of removed) pipeline.hdel(`e:${engineId}`, ...hashBytes(engineHashes));
      for (const pairs of changes) {
        const fields = hashBytes(pairs.engineHashes);
        const values = recordBytes(pairs, false);
        pipeline.hset(`e:${engineId}`, ...fields.flatMap((field, i) => [field, values[i] as Buffer]));
      }
    }
    await pipeline.exec();
  }

  async loadAll(engineIds: readonly string[]): Promise<number> {
    let blocks = 0;
    for (const engineId of engineIds) {
      const fields = await this.client.callBuffer('HGETALL', `e:${engineId}`);
      blocks += (fields as Buffer[]).length / 2;
    }
    return blocks;
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
