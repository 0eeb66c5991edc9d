import { afterEach, describe, expect, it } from '@jest/globals';
import type { StoredDelta, StoredEngine } from '@penstock/core/ports';
import { blocksAsText, freePort, type ManagedServer, startRedis, until } from '@penstock/testing';
import { Redis } from 'ioredis';
import { RedisBlockStore, type RedisBlockStoreOptions } from '../src/index.js';

const POOL = ['ns', 'pool'] as const;
/** What the keys of engine ns/e begin with. */
const KEY = 'penstock:kv:{ns/pool/31}:ns%2Fe';
const closers: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(options: Parameters<typeof startRedis>[0] = {}): Promise<ManagedServer> {
  const server = await startRedis(options);
  closers.push(() => server.stop());
  return server;
}

function connect(url: string, options: Partial<RedisBlockStoreOptions> = {}): RedisBlockStore {
  const store = RedisBlockStore.connect({ urls: [url], ...options });
  closers.push(() => store.close());
  return store;
}

const works = (store: RedisBlockStore) => () =>
  store.probe().then(
    () => true,
    () => false,
  );

async function ready(url: string, options: Partial<RedisBlockStoreOptions> = {}): Promise<RedisBlockStore> {
  const store = connect(url, options);
  await until(works(store));
  return store;
}

function operator(server: ManagedServer): Redis {
  const client = new Redis(server.port, '127.0.0.1', { disconnectTimeout: 100 });
  client.on('error', () => {});
  closers.push(async () => client.disconnect());
  return client;
}

const u64 = (...values: Array<number | bigint>) => BigUint64Array.from(values, BigInt);
const delta = (sequence: number, over: Partial<StoredDelta> = {}): StoredDelta => ({
  engineId: 'ns/e',
  incarnation: 1,
  sequence,
  engineSequence: sequence,
  changes: [{ tier: 'gpu', engineHashes: u64(sequence), keys: u64(sequence) }],
  removed: [],
  cleared: false,
  ...over,
});
const whole = (over: Partial<StoredEngine> = {}): StoredEngine => ({
  engineId: 'ns/e',
  incarnation: 1,
  sequence: 5,
  engineSequence: 5,
  facts: {},
  blocks: [{ tier: 'gpu', engineHashes: u64(1, 2), keys: u64(11, 12) }],
  ...over,
});

describe('RedisBlockStore when Redis fails', () => {
  it('fails at once without a server, says which, and recovers', async () => {
    const port = await freePort();
    const store = connect(`redis://user:secret@127.0.0.1:${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedMs = performance.now();
    const error = await store.append(...POOL, delta(1)).catch((reason: Error) => reason.message);
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(error).toMatch(`Redis at 127.0.0.1:${port} is not connected (connect ECONNREFUSED`);
    expect(error).not.toContain('secret');
    expect(store.counters().failed).toBe(1);
    const plain = connect(`redis://127.0.0.1:${port}`);
    await startServer({ port });
    await until(works(plain));
    expect(await plain.append(...POOL, delta(1))).toBe(true);
  });

  it('notices a flush by its epoch, refuses deltas without their base, and starts over', async () => {
    const server = await startServer();
    const store = await ready(server.url);
    const other = await ready(server.url);
    const before = await store.epoch();
    expect(await other.epoch()).toBe(before);
    await store.replace(...POOL, whole());
    await operator(server).flushall();
    expect(await store.append(...POOL, delta(6))).toBe(false);
    const [mine, theirs] = await Promise.all([store.epoch(), other.epoch()]);
    expect(mine).not.toBe(before);
    expect(theirs).toBe(mine);
    expect(await store.engines(...POOL)).toEqual([]);
    expect(await store.replace(...POOL, whole({ sequence: 6 }))).toBe(true);
    expect(await store.append(...POOL, delta(7))).toBe(true);
    expect(await store.engines(...POOL)).toEqual(['ns/e']);
  });

  it('comes back after kill -9 with a new epoch: emptied, or with its data where Redis keeps it', async () => {
    for (const persistent of [false, true]) {
      const server = await startServer({ persistent });
      const store = await ready(server.url);
      const before = await store.epoch();
      await store.replace(...POOL, whole());
      await operator(server).call('WAIT', '0', '0');
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await server.kill();
      await expect(store.load(...POOL, 'ns/e')).rejects.toThrow(/Redis at .* is not connected/);
      await server.restart();
      await until(works(store));
      // Also what Redis keeps may lack the last second.
      expect(await store.epoch()).not.toBe(before);
      expect((await store.load(...POOL, 'ns/e'))?.sequence).toBe(persistent ? 5 : undefined);
      expect(await store.append(...POOL, delta(6))).toBe(persistent);
    }
  });

  it('survives SCRIPT FLUSH between and under calls', async () => {
    const server = await startServer();
    const store = await ready(server.url);
    const client = operator(server);
    await store.replace(...POOL, whole());
    const { failed } = store.counters();
    for (let sequence = 6; sequence < 12; sequence++) {
      await client.script('FLUSH');
      expect(await store.append(...POOL, delta(sequence))).toBe(true);
    }
    await client.script('FLUSH');
    // In one pipeline: every one of them finds the script gone, and the order survives.
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.append(...POOL, delta(12 + i))),
    );
    expect(many.every(Boolean)).toBe(true);
    expect((await store.load(...POOL, 'ns/e'))?.sequence).toBe(31);
    expect(store.counters().scriptReloads).toBeGreaterThan(6);
    expect(store.counters().failed).toBe(failed);
  });

  it('gives up on a server that hangs, and recovers', async () => {
    const server = await startServer();
    const store = await ready(server.url, { commandTimeoutMs: 200 });
    await store.replace(...POOL, whole());
    closers.push(async () => server.resume());
    server.pause();
    const startedMs = performance.now();
    const calls = Array.from({ length: 50 }, (_, i) => store.append(...POOL, delta(6 + i)));
    const outcomes = await Promise.allSettled([...calls, store.load(...POOL, 'ns/e'), store.probe()]);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    const { reason } = outcomes[0] as PromiseRejectedResult;
    expect((reason as Error).message).toMatch(/Redis at 127.0.0.1:\d+ did not answer in time/);
    server.resume();
    await until(works(store));
    expect(await store.replace(...POOL, whole({ sequence: 99 }))).toBe(true);
  });

  it('lets only one of two writers of an engine go on', async () => {
    const server = await startServer();
    const [old, young] = [await ready(server.url), await ready(server.url)];
    await old.replace(...POOL, whole({ incarnation: 1 }));
    expect(await young.replace(...POOL, whole({ incarnation: 2, sequence: 0 }))).toBe(true);
    expect(await old.append(...POOL, delta(6))).toBe(false);
    expect(await old.replace(...POOL, whole({ incarnation: 1, sequence: 1000 }))).toBe(false);
    expect(await young.append(...POOL, delta(1, { incarnation: 2 }))).toBe(true);
    expect((await old.load(...POOL, 'ns/e'))?.incarnation).toBe(2);
    expect(old.counters()).toMatchObject({ refused: 1, replaceRefused: 1 });
  });

  it.each<[string, (client: Redis, key: string) => Promise<unknown>]>([
    ['a changed snapshot', (client, key) => client.lset(`${key}:snap`, 0, 'something else')],
    ['a cut snapshot', (client, key) => client.rpop(`${key}:snap`)],
    ['a snapshot of another type', (client, key) => client.set(`${key}:snap`, 'x')],
    ['a lost snapshot', (client, key) => client.del(`${key}:snap`)],
    ['a lost log', (client, key) => client.del(`${key}:log`)],
    ['a log of something else', (client, key) => client.lset(`${key}:log`, 0, 'something else')],
    [
      'a log entry twice',
      async (client, key) => client.rpush(`${key}:log`, (await client.lrange(`${key}:log`, 0, 0))[0] ?? ''),
    ],
    ['a log of another type', (client, key) => client.set(`${key}:log`, 'text')],
    ['a head of another type', (client, key) => client.set(`${key}:head`, 'text')],
    ['a position that is no number', (client, key) => client.hset(`${key}:head`, 'seq', 'six')],
    ['a position far off', (client, key) => client.hset(`${key}:head`, 'seq', '9007199254740993')],
    ['facts that are not JSON', (client, key) => client.hset(`${key}:head`, 'facts', '{')],
    ['facts of another type', (client, key) => client.hset(`${key}:head`, 'facts', '{"a":1}')],
    ['half a head', (client, key) => client.hdel(`${key}:head`, 'eseq')],
  ])('drops and reports %s, then works', async (_name, damage) => {
    const server = await startServer();
    const warnings: string[] = [];
    const log = {
      info: () => {},
      warn: (fields: object, message: string) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    };
    const store = await ready(server.url, { log });
    const client = operator(server);
    await store.replace(...POOL, whole());
    await store.append(...POOL, delta(6));
    await damage(client, KEY);
    expect(await store.load(...POOL, 'ns/e')).toBeUndefined();
    expect(store.counters().corrupt).toBe(1);
    expect(warnings.join()).toContain('stored blocks are damaged and were dropped');
    expect(await client.keys(`${KEY}*`)).toEqual([]);
    expect(await store.append(...POOL, delta(7))).toBe(false);
    expect(await store.replace(...POOL, whole())).toBe(true);
    expect(blocksAsText(await store.load(...POOL, 'ns/e'))).toEqual(['gpu 1=11', 'gpu 2=12']);
  });

  it('says so when Redis is full', async () => {
    const server = await startServer({ maxMemoryBytes: 1 });
    const store = connect(server.url);
    // Redis 6 puts the name of the script before it.
    const refused = /Redis at .* refused: .*OOM/;
    await until(() =>
      store.replace(...POOL, whole()).then(
        () => false,
        (error: Error) => refused.test(error.message),
      ),
    );
    await expect(store.probe()).rejects.toThrow(refused);
    await expect(store.append(...POOL, delta(2))).resolves.toBe(false);
  });

  it('forgets engines that nobody writes', async () => {
    const server = await startServer();
    const store = await ready(server.url, { ttlMs: 300 });
    await store.replace(...POOL, whole());
    await store.append(...POOL, delta(6));
    expect(await store.engines(...POOL)).toEqual(['ns/e']);
    await until(async () => (await store.load(...POOL, 'ns/e')) === undefined);
    expect(await store.engines(...POOL)).toEqual([]);
    expect(await operator(server).keys('penstock:kv:{ns*')).toEqual([]);
  });

  it('works on a cluster', async () => {
    const server = await startServer({ cluster: true });
    const store = await ready(server.url, { cluster: true });
    for (let i = 0; i < 20; i++) await store.replace(...POOL, whole({ engineId: `ns/e${i}` }));
    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.append(...POOL, delta(6, { engineId: `ns/e${i}` }))),
    );
    expect(appended.every(Boolean)).toBe(true);
    expect(await store.engines(...POOL)).toHaveLength(20);
    expect(blocksAsText(await store.load(...POOL, 'ns/e3'))).toEqual(['gpu 1=11', 'gpu 2=12', 'gpu 6=6']);
  });
});
