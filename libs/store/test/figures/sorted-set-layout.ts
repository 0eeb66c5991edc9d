import type { StoredDelta } from '@penstock/core/ports';
import { Redis } from 'ioredis';
import type { Layout } from './layout.js';
import { hashBytes, recordBytes } from './raw-bytes.js';

/** A sorted set per engine, all scores 0: members are engine hash, key and check bits; removed by range of the hash. */
export class SortedSetLayout implements Layout {
  private readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url);
  }

  async write(deltas: readonly StoredDelta[]): Promise<void> {
    const pipeline = this.client.pipeline();
    for (const { engineId, changes, removed } of deltas) {
      for (const { engineHashes } of removed) {
        for (const hash of hashBytes(engineHashes)) {
          const from = Buffer.from([0x5b, ...hash.toReversed()]);
          pipeline.zremrangebylex(`z:${engineId}`, from, Buffer.concat([from, Buffer.alloc(13, 0xff)]));
        }
      }
      for (const pairs of changes)
        pipeline.call(
          'ZADD',
          `z:${engineId}`,
          ...recordBytes(pairs, true).flatMap((member) => ['0', member]),
        );
    }
    await pipeline.exec();
  }

  async loadAll(engineIds: readonly string[]): Promise<number> {
    let blocks = 0;
    for (const engineId of engineIds) {
      const members = await this.client.callBuffer('ZRANGE', `z:${engineId}`, '0', '-1');
      blocks += (members as Buffer[]).length;
    }
    return blocks;
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
