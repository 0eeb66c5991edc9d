import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredDelta } from '@penstock/core/ports';
import { blocksAsText, FakeBlockStore, type ManagedServer, startRedis, until } from '@penstock/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { RedisBlockStore } from '../src/index.js';
import { engineKeys } from '../src/redis/redis-keys.js';

const POOL = ['ns', 'pool'] as const;
/** Spread over 64 bits, as hashes are. */
const spread = (n: number) => (BigInt(n + 1) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn;

describe('the log of an engine', () => {
  let server: ManagedServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port, '127.0.0.1', { disconnectTimeout: 100 });
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });
  const connect = async (foldAboveBytes: number) => {
    const store = RedisBlockStore.connect({ urls: [server.url], foldAboveBytes });
    const works = () =>
      store.probe().then(
        () => true,
        () => false,
      );
    await until(works);
    return store;
  };

  it('gives the same blocks as the fake, folded at any time by two writers', async () => {
    const [eager, lazy] = [await connect(1), await connect(2000)];
    const hash = fc.nat({ max: 30 }).map(spread);
    const hashes = fc.uniqueArray(hash, { maxLength: 8 }).map((list) => BigUint64Array.from(list));
    const step = fc.record({
      stored: hashes,
      gone: hashes,
      cleared: fc.integer({ max: 19, min: 0 }).map((n) => n === 0),
    });
    let engine = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const engineId = `ns/p${engine++}`;
        const fake = new FakeBlockStore();
        for (const [i, { stored, gone, cleared }] of steps.entries()) {
          const delta: StoredDelta = {
            engineId,
            incarnation: 1,
            sequence: i + 1,
            engineSequence: i,
            cleared,
            removed: [{ tier: 'gpu', engineHashes: gone }],
            changes: [
              {
                tier: 'gpu',
                ...(i % 3 === 0 ? { window: true } : {}),
                engineHashes: stored,
                keys: stored.map((value) => value ^ BigInt(i)),
                ...(i % 4 === 0 ? {} : { checks: Uint32Array.from(stored, (value) => Number(value >> 40n)) }),
              },
            ],
          };
          await fake.append(...POOL, delta);
          expect(await (i % 2 ? eager : lazy).append(...POOL, delta)).toBe(true);
        }
        const [loaded, expected] = [await lazy.load(...POOL, engineId), await fake.load(...POOL, engineId)];
        expect(blocksAsText(loaded)).toEqual(blocksAsText(expected));
        expect(loaded).toMatchObject({ sequence: steps.length, engineSequence: steps.length - 1 });
      }),
      { numRuns: 40 },
    );
    await Promise.all([eager.close(), lazy.close()]);
    expect(eager.counters().folded).toBeGreaterThan(20);
    expect([eager.counters().corrupt, lazy.counters().corrupt]).toEqual([0, 0]);
  });

  it('stays short, and an engine takes at most 32 bytes per block in Redis with its check bits', async () => {
    const store = await connect(16 * 1024);
    const pairs = 20_000;
    const chunk = 200;
    const at = (i: number) => BigUint64Array.from({ length: chunk }, (_, j) => spread(i * chunk + j));
    const { head, snapshot, log } = engineKeys(...POOL, 'ns/big');
    let largest = 0;
    // Fills the cache, then turns it over once: as many stores as removals.
    for (let i = 0; i < (2 * pairs) / chunk; i++) {
      const isFull = i * chunk >= pairs;
      const removed = isFull ? [{ tier: 'gpu', engineHashes: at(i - pairs / chunk) }] : [];
      const stored = at(i);
      const checks = Uint32Array.from(stored, (hash) => Number(hash >> 32n));
      const changes = [{ tier: 'gpu' as const, engineHashes: stored, keys: stored, checks }];
      const delta = {
        engineId: 'ns/big',
        incarnation: 1,
        sequence: i + 1,
        engineSequence: i,
        cleared: false,
      };
      expect(await store.append(...POOL, { ...delta, removed, changes })).toBe(true);
      if (!isFull) continue;
      const used = await Promise.all([head, snapshot, log].map(memoryOf));
      largest = Math.max(
        largest,
        used.reduce((sum, bytes) => sum + bytes, 0),
      );
    }
    const loaded = await store.load(...POOL, 'ns/big');
    expect(loaded?.blocks[0]?.keys).toHaveLength(pairs);
    expect(loaded?.blocks[0]?.checks).toHaveLength(pairs);
    await store.close();
    expect(store.counters().folded).toBeGreaterThan(3);
    console.log(`${(largest / pairs).toFixed(1)} bytes per block at most`);
    expect(largest / pairs).toBeGreaterThan(20);
    expect(largest / pairs).toBeLessThanOrEqual(32);
  });

  async function memoryOf(key: string): Promise<number> {
    return Number(await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
  }

  it('does not read what an older version of the layout wrote, and writes it anew', async () => {
    const store = await connect(1000);
    const blocks = [
      { tier: 'gpu' as const, engineHashes: BigUint64Array.of(1n), keys: BigUint64Array.of(2n) },
    ];
    const engine = {
      engineId: 'ns/older',
      incarnation: 7,
      sequence: 4,
      engineSequence: 4,
      facts: {},
      blocks,
    };
    await store.replace(...POOL, engine);
    const { head } = engineKeys(...POOL, engine.engineId);
    await client.hset(head, 'v', '1');
    expect(await store.load(...POOL, engine.engineId)).toBeUndefined();
    const next = { ...engine, sequence: 5, cleared: false, removed: [], changes: blocks };
    expect(await store.append(...POOL, next)).toBe(false);
    expect(await store.replace(...POOL, { ...engine, incarnation: 6 })).toBe(true);
    expect(await store.load(...POOL, engine.engineId)).toMatchObject({ incarnation: 6 });
    expect(store.counters().corrupt).toBe(0);
    await store.close();
  });

  it('keeps the incarnation of an engine of which no batch has come yet', async () => {
    const store = await connect(1000);
    const engine = {
      engineId: 'ns/silent',
      incarnation: 7,
      sequence: 1,
      engineSequence: -1,
      facts: {},
      blocks: [],
    };
    expect(await store.replace(...POOL, engine)).toBe(true);
    expect(await store.load(...POOL, engine.engineId)).toEqual(engine);
    expect(store.counters().corrupt).toBe(0);
    await store.close();
  });
});
