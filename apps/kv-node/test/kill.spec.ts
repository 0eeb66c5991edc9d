import { rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseChunkPath } from '@penstock/engine';
import { createGrpcClient, type GrpcClient } from '@penstock/platform';
import { S3ObjectStore } from '@penstock/store';
import { S3_SERVER_CREDENTIALS, type S3Server, startS3Server } from '@penstock/testing';
import fc from 'fast-check';
import { type TestChunk, writeNew } from './chunks.js';
import { fastFolder } from './fast-folder.js';
import { type Methods, TIER_CPU, TIER_S3, TIER_SSD } from './node-harness.js';
import { NodeProcess } from './node-process.js';

const LIVES = 8;
const CHUNKS = 40;
const TIERS = [TIER_CPU, TIER_SSD, TIER_S3];

describe('kv-node, killed again and again while it moves', () => {
  const home = fastFolder('penstock-kv-node-kill-');
  const [cpu, ssd] = [join(home, 'cpu'), join(home, 'ssd')];
  let server: S3Server;
  let store: S3ObjectStore;
  let flags: string[];

  beforeAll(async () => {
    server = await startS3Server({ dataDir: join(home, 's3') });
    const [id, secret] = [join(home, 'id'), join(home, 'secret')];
    writeFileSync(id, S3_SERVER_CREDENTIALS.accessKeyId);
    writeFileSync(secret, S3_SERVER_CREDENTIALS.secretAccessKey);
    const credentials = { accessKeyIdFile: id, secretAccessKeyFile: secret };
    store = S3ObjectStore.connect({ endpoint: server.url, bucket: server.bucket, credentials, prefix: 'kv' });
    flags = [
      ...['--node=n', `--cpu-dir=${cpu}`, '--cpu-capacity=64Mi', `--ssd-dir=${ssd}`, '--ssd-capacity=64Mi'],
      ...[`--s3-endpoint=${server.url}`, `--s3-bucket=${server.bucket}`, '--s3-prefix=kv'],
      ...[`--s3-access-key-id-file=${id}`, `--s3-secret-access-key-file=${secret}`],
    ];
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
    rmSync(home, { recursive: true });
  });

  const connect = (node: NodeProcess): GrpcClient<Methods> =>
    createGrpcClient<Methods>({
      proto: 'kvnode',
      service: 'KvNodeService',
      address: `127.0.0.1:${node.grpcPort}`,
    });

  /** Every copy there is, bytes compared. */
  const look = async (chunks: ReadonlyMap<string, TestChunk>): Promise<Set<string>> => {
    const found = new Set<string>();
    for (const [tier, root] of [
      [TIER_CPU, cpu],
      [TIER_SSD, ssd],
    ] as const) {
      for (const path of await readdir(root, { recursive: true })) {
        if (parseChunkPath(path) === undefined) continue;
        expect([path, crc32(await readFile(join(root, path)))]).toEqual([path, chunks.get(path)?.crc32]);
        found.add(`${tier} ${path}`);
      }
    }
    for await (const { key } of store.list()) {
      let crc = 0;
      for await (const part of (await store.get(key)).body) crc = crc32(part, crc);
      expect([key, crc]).toEqual([key, chunks.get(key)?.crc32]);
      found.add(`${TIER_S3} ${key}`);
    }
    return found;
  };

  it('has a whole copy of everything, serves no wrong byte, and comes back to what is there', async () => {
    const chunks = new Map<string, TestChunk>();
    for (let i = 0; i < CHUNKS; i++) {
      const chunk = await writeNew(cpu, 50_000 + i);
      chunks.set(chunk.path, chunk);
    }
    const wanted = [...chunks.values()].map(({ hash, keys }) => ({
      hash,
      scope: 'ns/pool',
      blockKeys: keys,
    }));
    const paths = [...chunks.keys()];
    const orders = fc.array(
      fc.record({
        path: fc.constantFrom(...paths),
        from: fc.constantFrom(...TIERS),
        to: fc.constantFrom(...TIERS),
        removeSource: fc.boolean(),
      }),
      { minLength: 30, maxLength: 60 },
    );
    const lives = fc.sample(fc.tuple(orders, orders, fc.integer({ min: 5, max: 150 })), LIVES);
    let killedInside = 0;
    for (const [first, second, killAfterMs] of lives) {
      const node = await NodeProcess.start(flags);
      const client = connect(node);
      await client.call('Adopt', { chunks: wanted }, { deadlineMs: 20_000 });
      const options = { deadlineMs: 60_000 };
      const working = Promise.all([
        client.call('Move', { moves: first }, options),
        client.call('Move', { moves: second }, options),
      ]).then(
        () => 'done',
        () => 'killed',
      );
      await new Promise((resolve) => setTimeout(resolve, killAfterMs));
      await node.signal('SIGKILL');
      if ((await working) === 'killed') killedInside++;
      client.close();

      const copies = await look(chunks);
      const held = new Set([...copies].map((copy) => copy.split(' ')[1]));
      expect(held.size).toBe(CHUNKS);
    }
    expect(killedInside).toBeGreaterThan(LIVES / 2);

    const node = await NodeProcess.start(flags);
    const client = connect(node);
    const listed = new Set<string>();
    const aborter = new AbortController();
    const following = { deadlineMs: 60_000, signal: aborter.signal };
    for await (const part of client.stream('WatchInventory', {}, following)) {
      for (const { tier, chunk } of part.stored) listed.add(`${tier} ${chunk?.path}`);
      if (!part.listing) break;
    }
    aborter.abort();
    const copies = await look(chunks);
    // What was killed between the file's name and its record is being checked in the background.
    expect([...listed].filter((copy) => !copies.has(copy))).toEqual([]);
    const refs = [...copies].map((copy) => {
      const [tier, path = ''] = copy.split(' ');
      return { path, tier: tier as (typeof TIERS)[number], sizeBytes: '0', crc32: 0 };
    });
    await client.call('Adopt', { chunks: wanted }, { deadlineMs: 20_000 });
    const { problems } = await client.call('Verify', { copies: refs }, { deadlineMs: 60_000 });
    expect(problems.filter((problem) => problem !== '')).toEqual([]);
    const temporary = [cpu, ssd].map((root) => readdir(root, { recursive: true }));
    expect((await Promise.all(temporary)).flat().filter((name) => name.endsWith('.tmp'))).toEqual([]);
    client.close();
    expect(await node.signal('SIGTERM')).toBe(0);
  }, 240_000);
});
