import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kvnodeV1 } from '@penstock/contracts';
import { ObjectStoreError } from '@penstock/core/ports';
import { FakeObjectStore } from '@penstock/testing';
import { makeChunk, type TestChunk, writeNew } from './chunks.js';
import { NodeHarness, TIER_CPU, TIER_S3, TIER_SSD, TIER_UNSPECIFIED } from './node-harness.js';

const DONE = { problem: '', message: '' };

describe('Move', () => {
  let node: NodeHarness;
  beforeEach(async () => {
    node = new NodeHarness();
    await node.start();
  });
  afterEach(() => node.end());

  const adopted = async (sizeBytes?: number): Promise<TestChunk> => {
    const chunk = await writeNew(node.cpu, sizeBytes);
    const [result] = await node.adopt(chunk);
    expect(result).toEqual({
      path: chunk.path,
      tier: TIER_CPU,
      sizeBytes: String(chunk.bytes.length),
      crc32: chunk.crc32,
      problem: '',
    });
    return chunk;
  };
  const demote = (chunk: TestChunk, from: kvnodeV1.Tier, to: kvnodeV1.Tier, removeSource = true) =>
    node.move({ path: chunk.path, from, to, removeSource });
  const tiersOf = async (chunk: TestChunk) =>
    (await node.list()).filter((copy) => copy.chunk?.path === chunk.path).map((copy) => copy.tier);

  it('takes a chunk down to S3 and back, keys and scope included', async () => {
    const chunk = await adopted(100_000);
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([{ ...DONE, bytes: '100000' }]);
    expect([await node.has(TIER_CPU, chunk), await node.has(TIER_SSD, chunk)]).toEqual([false, true]);
    expect(await tiersOf(chunk)).toEqual([TIER_SSD]);

    expect(await demote(chunk, TIER_SSD, TIER_S3)).toMatchObject([DONE]);
    expect(await tiersOf(chunk)).toEqual([]);
    expect(await node.objects.head(chunk.path)).toEqual({
      sizeBytes: 100_000,
      metadata: {
        'penstock-crc32': chunk.crc32.toString(16).padStart(8, '0'),
        'penstock-keys': chunk.keys.toString('base64'),
        'penstock-scope': 'ns/pool',
      },
    });

    expect(await demote(chunk, TIER_S3, TIER_CPU, false)).toMatchObject([DONE]);
    expect(await node.has(TIER_CPU, chunk)).toBe(true);
    const [copy] = await node.list();
    expect(copy?.chunk).toEqual({
      path: chunk.path,
      scope: 'ns/pool',
      blockKeys: chunk.keys,
      sizeBytes: '100000',
      crc32: chunk.crc32,
    });
    expect(await node.verify({ path: chunk.path, tier: TIER_S3 }, { path: chunk.path })).toEqual(['', '']);
  });

  it('brings from S3 to either folder what it is told about', async () => {
    const chunk = makeChunk(5000);
    await node.objects.put(chunk.path, chunk.bytes, { sizeBytes: 5000, crc32: chunk.crc32 });
    const facts = {
      path: chunk.path,
      scope: 'ns/pool',
      blockKeys: chunk.keys,
      sizeBytes: '5000',
      crc32: chunk.crc32,
    };
    const order = { path: chunk.path, from: TIER_S3, removeSource: true };
    expect(await node.move({ ...order, to: TIER_SSD })).toMatchObject([
      { problem: 'invalid', message: expect.stringMatching(/no penstock-crc32/) },
    ]);
    expect(await node.move({ ...order, to: TIER_SSD, chunk: facts })).toMatchObject([DONE]);
    expect(await node.has(TIER_SSD, chunk)).toBe(true);
    expect(await node.objects.head(chunk.path)).toBeUndefined();
    expect(await demote(chunk, TIER_SSD, TIER_CPU)).toMatchObject([DONE]);
    expect([await node.has(TIER_CPU, chunk), await node.has(TIER_SSD, chunk)]).toEqual([true, false]);
  });

  it('is harmless when repeated', async () => {
    const chunk = await adopted();
    for (let i = 0; i < 3; i++) expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([DONE]);
    const removal = { path: chunk.path, from: TIER_SSD, to: TIER_UNSPECIFIED, removeSource: true };
    expect(await node.move(removal, removal)).toMatchObject([DONE, DONE]);
    expect(await node.has(TIER_SSD, chunk)).toBe(false);
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([{ problem: 'missing' }]);
    expect(await node.move({ ...removal, from: TIER_S3 })).toMatchObject([DONE]);
  });

  it('carries out many orders at once, also about the same chunk', async () => {
    const chunks = await Promise.all(Array.from({ length: 40 }, () => writeNew(node.cpu, 2000)));
    await node.adopt(...chunks);
    const orders = chunks.flatMap(({ path }) => [
      { path, from: TIER_CPU, to: TIER_SSD, removeSource: false },
      { path, from: TIER_CPU, to: TIER_S3, removeSource: true },
    ]);
    const results = await node.move(...orders);
    expect(results.filter((result) => result.problem !== '')).toEqual([]);
    for (const chunk of chunks) {
      expect([await node.has(TIER_CPU, chunk), await node.has(TIER_SSD, chunk)]).toEqual([false, true]);
      expect(await node.objects.head(chunk.path)).toBeDefined();
    }
  });

  it('refuses what does not fit, and harms nothing', async () => {
    const [first, second] = [await adopted(600_000), await adopted(440_000)];
    expect(await demote(first, TIER_CPU, TIER_SSD)).toMatchObject([DONE]);
    expect(await demote(second, TIER_CPU, TIER_SSD)).toMatchObject([DONE]);
    const third = await adopted(10_000);
    expect(await demote(third, TIER_CPU, TIER_SSD)).toMatchObject([
      { problem: 'full', message: 'the ssd tier has 8576 of 1048576 bytes free; 10000 are needed' },
    ]);
    expect([await node.has(TIER_CPU, third), await node.has(TIER_SSD, third)]).toEqual([true, false]);
    expect(await node.verify({ path: third.path })).toEqual(['']);
  });

  it('puts a damaged copy aside, and never passes it on', async () => {
    for (const to of [TIER_SSD, TIER_S3]) {
      const chunk = await adopted(3000);
      const file = join(node.cpu, chunk.path);
      const damaged = Buffer.from(chunk.bytes);
      damaged[1500] = (damaged[1500] ?? 0) ^ 1;
      writeFileSync(file, damaged);
      expect(await demote(chunk, TIER_CPU, to)).toMatchObject([
        { problem: 'checksum', message: expect.stringMatching(`${chunk.path} on the cpu tier has CRC-32`) },
      ]);
      expect(existsSync(file)).toBe(false);
      expect(await tiersOf(chunk)).toEqual([]);
      expect([await node.has(TIER_SSD, chunk), await node.objects.head(chunk.path)]).toEqual([
        false,
        undefined,
      ]);
      const aside = readdirSync(join(node.cpu, '.penstock/quarantine')).find((name) =>
        name.includes(chunk.hash),
      );
      expect(readFileSync(join(node.cpu, '.penstock/quarantine', aside ?? '')).equals(damaged)).toBe(true);
    }
    expect(await node.metrics()).toMatch(/penstock_kv_node_wrong_checksums_total\{.*tier="cpu".*\} 2/);
  });

  it.each([
    ['shorter', (bytes: Buffer) => bytes.subarray(0, 999)],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
  ])('does the same with a copy that is %s', async (_what, change) => {
    const chunk = await adopted(1000);
    writeFileSync(join(node.cpu, chunk.path), change(chunk.bytes));
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([{ problem: 'size' }]);
    expect(existsSync(join(node.cpu, chunk.path))).toBe(false);
    expect(await node.has(TIER_SSD, chunk)).toBe(false);
  });

  it('does not take damaged bytes from S3, and leaves them there', async () => {
    const chunk = await adopted();
    await demote(chunk, TIER_CPU, TIER_S3);
    node.objects.damage(chunk.path);
    expect(await demote(chunk, TIER_S3, TIER_CPU)).toMatchObject([{ problem: 'checksum' }]);
    expect(existsSync(join(node.cpu, chunk.path))).toBe(false);
    expect(readdirSync(dirname(join(node.cpu, chunk.path)))).toEqual([]);
    expect(await node.verify({ path: chunk.path, tier: TIER_S3 })).toEqual(['checksum']);
    const other = { path: chunk.path, scope: '', blockKeys: Buffer.alloc(0), sizeBytes: '5', crc32: 1 };
    expect(
      await node.move({ path: chunk.path, from: TIER_S3, to: TIER_CPU, removeSource: false, chunk: other }),
    ).toMatchObject([{ problem: 'size' }]);
    expect(await node.objects.head(chunk.path)).toBeDefined();
  });

  it('says that S3 is away, and keeps the copy', async () => {
    const chunk = await adopted();
    node.objects.disconnect();
    expect(await demote(chunk, TIER_CPU, TIER_S3)).toMatchObject([
      { problem: 'unreachable', message: 'a fake bucket is disconnected' },
    ]);
    expect(await node.has(TIER_CPU, chunk)).toBe(true);
    expect(await demote(chunk, TIER_S3, TIER_CPU)).toMatchObject([{ problem: 'unreachable' }]);
    node.objects.reconnect();
    expect(await demote(chunk, TIER_CPU, TIER_S3)).toMatchObject([DONE]);
  });

  it('goes on between folders while S3 swallows what it is asked', async () => {
    await node.stop();
    const objects = new FakeObjectStore();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    objects.put = async () => {
      await released;
      throw new ObjectStoreError('unreachable', 'no answer came');
    };
    await node.start({ objects, flags: ['--concurrency=2'] });
    const stuck = await Promise.all(Array.from({ length: 6 }, () => adopted()));
    const orders = stuck.map(({ path }) => ({ path, from: TIER_CPU, to: TIER_S3, removeSource: true }));
    const swallowed = node.move(...orders);
    const chunk = await adopted();
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([DONE]);
    release();
    expect((await swallowed).map(({ problem }) => problem)).toEqual(stuck.map(() => 'unreachable'));
  }, 30_000);

  it('keeps its copy when another node stores its own on S3 at the same time', async () => {
    const chunk = await adopted();
    const head = node.objects.head.bind(node.objects);
    node.objects.head = async (key) => {
      const found = await head(key);
      return found && { ...found, metadata: { ...found.metadata, 'penstock-crc32': '00000000' } };
    };
    expect(await demote(chunk, TIER_CPU, TIER_S3)).toMatchObject([
      { problem: 'checksum', message: expect.stringMatching(/someone else stored another/) },
    ]);
    expect(await node.has(TIER_CPU, chunk)).toBe(true);
    expect(await tiersOf(chunk)).toEqual([TIER_CPU]);
  });

  it('notices that a file is gone', async () => {
    const chunk = await adopted();
    await rm(join(node.cpu, chunk.path));
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([{ problem: 'missing' }]);
    expect(await tiersOf(chunk)).toEqual([]);
    const second = await adopted();
    await demote(second, TIER_CPU, TIER_SSD, false);
    await rm(join(node.ssd, second.path));
    expect(await demote(second, TIER_CPU, TIER_SSD)).toMatchObject([{ problem: '', bytes: '1000' }]);
    expect(await node.has(TIER_SSD, second)).toBe(true);
  });

  it.each([
    [
      'a path that leads out',
      { path: '../../etc/passwd' },
      /"..\/..\/etc\/passwd" is not the path of a chunk/,
    ],
    ['an absolute path', { path: '/etc/passwd' }, /not the path of a chunk/],
    ['another shape', { path: 'a/b/c.bin' }, /not the path of a chunk/],
    ['no change', { from: TIER_CPU, to: TIER_CPU }, /from and to are both cpu/],
    ['nothing', { from: TIER_CPU, to: TIER_UNSPECIFIED, removeSource: false }, /nothing is to be written/],
  ])('refuses %s', async (_what, order, says) => {
    const chunk = await adopted();
    const base = { path: chunk.path, from: TIER_CPU, to: TIER_SSD, removeSource: true };
    expect(await node.move({ ...base, ...order })).toMatchObject([
      { problem: 'invalid', message: expect.stringMatching(says) },
    ]);
    expect(await node.has(TIER_CPU, chunk)).toBe(true);
  });

  it('follows no link, neither as a file nor as a folder', async () => {
    const outside = join(node.home, 'outside');
    const chunk = await adopted();
    await rm(join(node.cpu, chunk.path));
    writeFileSync(outside, chunk.bytes);
    symlinkSync(outside, join(node.cpu, chunk.path));
    expect(await demote(chunk, TIER_CPU, TIER_SSD)).toMatchObject([{ problem: 'unreadable' }]);
    expect(await node.has(TIER_SSD, chunk)).toBe(false);

    const second = await adopted();
    const [layout = ''] = second.path.split('/');
    mkdirSync(join(node.home, 'elsewhere'));
    await rm(join(node.ssd, layout), { recursive: true, force: true });
    symlinkSync(join(node.home, 'elsewhere'), join(node.ssd, layout));
    expect(await demote(second, TIER_CPU, TIER_SSD)).toMatchObject([
      { problem: 'invalid', message: expect.stringMatching(/is no folder; remove it/) },
    ]);
    expect(readdirSync(join(node.home, 'elsewhere'))).toEqual([]);
    expect(await node.has(TIER_CPU, second)).toBe(true);
  });

  it('gives what it writes the permissions of the layout', async () => {
    const chunk = await adopted();
    const layout = join(node.ssd, 'org_model_252c57518d5a');
    mkdirSync(layout);
    writeFileSync(join(layout, 'config.json'), '{}');
    chmodSync(layout, 0o770);
    chmodSync(join(layout, 'config.json'), 0o640);
    await demote(chunk, TIER_CPU, TIER_SSD);
    const file = join(node.ssd, chunk.path);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    for (let folder = dirname(file); folder !== node.ssd; folder = dirname(folder)) {
      expect(statSync(folder).mode & 0o777).toBe(0o770);
    }
  });

  it('refuses requests that are none', async () => {
    await expect(node.move({ path: '', from: TIER_UNSPECIFIED })).rejects.toMatchObject({
      details: expect.stringMatching(/moves.0.path: is required.*moves.0.from: is required/),
    });
    const many = Array.from({ length: 1025 }, () => ({ path: 'x', from: TIER_CPU }));
    await expect(node.move(...many)).rejects.toMatchObject({
      details: expect.stringMatching(/at most 1,024/),
    });
    await expect(
      node.client.call('Adopt', { chunks: [{ hash: 'zz', scope: 'pool', blockKeys: Buffer.alloc(7) }] }),
    ).rejects.toMatchObject({
      details: expect.stringMatching(/hash: must be 16.*scope: must be.*8 bytes per key/),
    });
  });
});
