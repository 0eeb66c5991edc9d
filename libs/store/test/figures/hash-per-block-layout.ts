import type { StoredDelta } from '@penstock/core/ports';
import { Redis } from 'ioredis';
import type { Layout } from './layout.js';
import { hashBytes } from './raw-bytes.js';

/**
 * A HASH per block key with a field per engine that holds it, and a key per engine hash that says the block key: what an
 * index that is read from Redis needs.
 */
export class HashPerBlockLayout implements Layout {
  private readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url);
  }

  async write(deltas: readonly StoredDelta[]): Promise<void> {
    const gone = await Promise.all(deltas.map((delta) => this.keysOf(delta)));
    const pipeline = this.client.pipeline();
    for (const [n, { engineId, changes }] of deltas.entries()) {
      const { fields, keys } = gone[n] as { fields: string[]; keys: string[] };
      for (const key of keys) pipeline.hdel(`b:${key}`, engineId);
      if (fields.length > 0) pipeline.unlink(...fields);
      for (const { engineHashes, keys: stored, checks } of changes) {
        const hashes = hashBytes(engineHashes);
        for (const [i, key] of stored.entries()) {
          const name = key.toString(36);
          pipeline.hset(`b:${name}`, engineId, checks?.[i] ?? 0);
          pipeline.set(`h:${engineId}:${hashes[i]?.toString('base64url')}`, name);
        }
      }
    }
    await pipeline.exec();
  }

  private async keysOf({ engineId, removed }: StoredDelta): Promise<{ fields: string[]; keys: string[] }> {
    const fields = removed.flatMap(({ engineHashes }) =>
      hashBytes(engineHashes).map((hash) => `h:${engineId}:${hash.toString('base64url')}`),
    );
    const keys = fields.length > 0 ? await this.client.mget(...fields) : [];
    return { fields, keys: keys.filter((key) => key !== null) };
  }

  async loadAll(): Promise<number> {
    let blocks = 0;
    for (let cursor = '0'; ; ) {
      const [next, names] = await this.client.scan(cursor, 'MATCH', 'b:*', 'COUNT', 1000);
      const pipeline = this.client.pipeline();
      for (const name of names) pipeline.hgetall(name);
      for (const [, engines] of (await pipeline.exec()) ?? [])
        blocks += Object.keys(engines as object).length;
      cursor = next;
      if (cursor === '0') return blocks;
    }
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
