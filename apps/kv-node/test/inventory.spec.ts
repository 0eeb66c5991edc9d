import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { makeChunk, writeNew } from './chunks.js';
import { NodeHarness, TIER_CPU, TIER_SSD, TIER_UNSPECIFIED } from './node-harness.js';

describe('Adopt', () => {
  let node: NodeHarness;
  beforeEach(async () => {
    node = new NodeHarness();
    await node.start();
  });
  afterEach(() => node.end());

  it('finds files by hash in any layout, the CPU tier first, and is idempotent', async () => {
    const [a, b, c] = [
      await writeNew(node.cpu, 5000),
      await writeNew(node.ssd, 200),
      await writeNew(node.cpu, 300, { digest: 'abcdefabcdef', rank: 3 }),
    ];
    const results = await node.adopt(a, b, c);
    expect(results.map(({ path, tier, problem }) => [path, tier, problem])).toEqual([
      [a.path, TIER_CPU, ''],
      [b.path, TIER_SSD, ''],
      [c.path, TIER_CPU, ''],
    ]);
    expect(results.map((result) => result.crc32)).toEqual([a.crc32, b.crc32, c.crc32]);
    expect(await node.adopt(a, b, c)).toEqual(results);
    expect((await node.list()).map((copy) => copy.chunk?.blockKeys)).toEqual([a.keys, c.keys, b.keys]);
  });

  it('enters chunks in the order in which they are named, however long each takes to read', async () => {
    const chunks = [];
    for (const sizeBytes of [200_000, 10, 150_000, 20, 100_000, 30, 50_000, 40]) {
      chunks.push(await writeNew(node.cpu, sizeBytes));
    }
    await node.adopt(...chunks);
    expect((await node.list()).map((copy) => copy.chunk?.path)).toEqual(chunks.map(({ path }) => path));
  });

  it('says that there is no such file', async () => {
    expect(await node.adopt(makeChunk())).toEqual([
      { path: '', tier: TIER_UNSPECIFIED, sizeBytes: '0', crc32: 0, problem: 'missing' },
    ]);
  });

  it('computes the checksum again when the file has another size', async () => {
    const chunk = await writeNew(node.cpu, 100);
    await node.adopt(chunk);
    const other = makeChunk(150, chunk);
    writeFileSync(join(node.cpu, chunk.path), other.bytes);
    expect(await node.adopt(chunk)).toMatchObject([{ sizeBytes: '150', crc32: other.crc32, problem: '' }]);
  });

  it('does not take the file of another scope, which may have the same hash', async () => {
    const first = await writeNew(node.cpu, 100);
    await node.adopt(first);
    const { hash, keys } = first;
    const ask = async (scope: string) => {
      const chunks = [{ hash, scope, blockKeys: keys }];
      return (await node.client.call('Adopt', { chunks })).results[0];
    };
    expect(await ask('other/pool')).toMatchObject({ problem: 'missing' });
    const second = await writeNew(node.cpu, 120, { hash, digest: '000000000000' });
    expect(await ask('other/pool')).toMatchObject({ problem: '', path: second.path });
    expect(await ask('ns/pool')).toMatchObject({ problem: '', path: first.path });
  });

  it('answers with the file of the lowest rank', async () => {
    const { hash } = await writeNew(node.cpu, 100, { rank: 1 });
    const lowest = await writeNew(node.cpu, 100, { rank: 0, hash });
    await node.adopt(await writeNew(node.cpu));
    expect(await node.adopt(lowest)).toMatchObject([{ path: lowest.path }]);
  });

  it('takes no link, pipe or folder for a chunk', async () => {
    const [link, pipe, folder] = [makeChunk(), makeChunk(), makeChunk()];
    for (const { path } of [link, pipe, folder])
      mkdirSync(dirname(join(node.cpu, path)), { recursive: true });
    writeFileSync(join(node.home, 'secret'), 'secret');
    symlinkSync(join(node.home, 'secret'), join(node.cpu, link.path));
    execFileSync('mkfifo', [join(node.cpu, pipe.path)]);
    mkdirSync(join(node.cpu, folder.path));
    expect((await node.adopt(link, pipe, folder)).map((result) => result.problem)).toEqual([
      'missing',
      'missing',
      'missing',
    ]);
    await node.stop();
    await node.start();
    expect(await node.list()).toEqual([]);
    expect(await node.metrics()).toMatch(/scan_findings_total\{.*what="irregular".*\} 3/);
  });
});

describe('the inventory', () => {
  let node: NodeHarness;
  beforeEach(() => {
    node = new NodeHarness();
  });
  afterEach(() => node.end());

  const incarnation = async (): Promise<number> => {
    const aborter = new AbortController();
    for await (const part of node.client.stream('WatchInventory', {}, { signal: aborter.signal })) {
      aborter.abort();
      return Number(part.incarnation);
    }
    throw new Error('no part came');
  };

  it('is what the folders are after a start', async () => {
    await node.start();
    const [kept, gone, resized] = [
      await writeNew(node.cpu, 100),
      await writeNew(node.cpu, 200),
      await writeNew(node.ssd, 300),
    ];
    await node.adopt(kept, gone, resized);
    await node.stop();
    await rm(join(node.cpu, gone.path));
    const other = makeChunk(350, resized);
    writeFileSync(join(node.ssd, resized.path), other.bytes);
    const found = await writeNew(node.ssd, 400);

    await node.start();
    await until(async () => (await node.list()).length === 3);
    const listed = (await node.list()).map(({ tier, chunk }) => [
      tier,
      chunk?.path,
      chunk?.scope,
      Number(chunk?.sizeBytes),
      chunk?.crc32,
      chunk?.blockKeys.length,
    ]);
    expect(new Set(listed.map(String))).toEqual(
      new Set(
        [
          [TIER_CPU, kept.path, 'ns/pool', 100, kept.crc32, 32],
          [TIER_SSD, resized.path, '', 350, other.crc32, 0],
          [TIER_SSD, found.path, '', 400, found.crc32, 0],
        ].map(String),
      ),
    );
    // What was found without keys gets them when the engine's word comes.
    expect(await node.adopt(found)).toMatchObject([{ problem: '', crc32: found.crc32 }]);
    expect((await node.list()).find((copy) => copy.chunk?.path === found.path)?.chunk?.scope).toBe('ns/pool');
  });

  it('follows the folders while it runs', async () => {
    await node.start({ flags: ['--rescan-interval-ms=50'] });
    const [chunk, second] = [await writeNew(node.cpu, 100), await writeNew(node.ssd, 100)];
    await until(async () => (await node.list()).length === 2);
    await rm(join(node.cpu, chunk.path));
    await until(async () => (await node.list()).length === 1);
    expect((await node.list())[0]?.chunk?.path).toBe(second.path);
    const { tiers } = await node.client.call('Stats', {});
    expect(tiers.map(({ usedBytes, chunks, capacityBytes }) => [usedBytes, chunks, capacityBytes])).toEqual([
      ['0', '0', '1048576'],
      ['100', '1', '1048576'],
    ]);
  });

  it('has a higher incarnation after every start, also when its file is lost', async () => {
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      await node.start();
      seen.push(await incarnation());
      await node.stop();
      if (i === 1) await rm(join(node.ssd, '.penstock'), { recursive: true });
    }
    expect(seen[1]).toBeGreaterThan(seen[0] ?? 0);
    expect(seen[2]).toBeGreaterThan(seen[1] ?? 0);
  });

  it('is begun anew from the files when its own file is damaged', async () => {
    await node.start();
    const chunk = await writeNew(node.cpu, 100);
    await node.adopt(chunk);
    await node.stop();
    const file = join(node.ssd, '.penstock/inventory.sqlite');
    writeFileSync(file, 'this is no database, however long it may be'.repeat(100));
    await node.start();
    await until(async () => (await node.list()).length === 1);
    expect((await node.list())[0]?.chunk).toMatchObject({ path: chunk.path, crc32: chunk.crc32, scope: '' });
    expect(existsSync(`${file}.damaged`)).toBe(true);
  });

  it('belongs to one kv-node', async () => {
    await node.start();
    const second = new NodeHarness();
    const flags = [`--cpu-dir=${node.cpu}`, `--ssd-dir=${node.ssd}`];
    await expect(second.start({ flags })).rejects.toThrow(/another kv-node uses .*inventory.sqlite; stop it/);
    await second.end();
  });

  it('removes temporary files that were left behind, and no others', async () => {
    await node.start();
    const chunk = await writeNew(node.cpu);
    await node.stop();
    const folder = dirname(join(node.cpu, chunk.path));
    const name = (random: string) => join(folder, `${chunk.hash}.bin_${random}.tmp`);
    const old = new Date(Date.now() - 3_600_000);
    for (const file of [
      name('kvnode-01'),
      name('engine-old'),
      name('engine-new'),
      join(folder, 'notes.tmp'),
    ]) {
      writeFileSync(file, 'half');
    }
    for (const file of [name('engine-old'), join(folder, 'notes.tmp')]) utimesSync(file, old, old);
    await node.start();
    expect(readdirSync(folder).sort()).toEqual(
      [`${chunk.hash}.bin`, `${chunk.hash}.bin_engine-new.tmp`, 'notes.tmp'].sort(),
    );
  });

  it('removes folders that have been empty for long, and no others', async () => {
    await node.start({ flags: ['--rescan-interval-ms=30'] });
    const [gone, fresh] = [await writeNew(node.cpu), await writeNew(node.cpu)];
    await node.adopt(gone, fresh);
    await node.move(
      ...[gone, fresh].map(({ path }) => ({ path, from: TIER_CPU, to: TIER_SSD, removeSource: true })),
    );
    const old = new Date(Date.now() - 3_600_000);
    const leaf = dirname(join(node.cpu, gone.path));
    utimesSync(leaf, old, old);
    await until(() => !existsSync(leaf));
    utimesSync(dirname(leaf), old, old);
    await until(() => !existsSync(dirname(leaf)));
    expect(existsSync(dirname(join(node.cpu, fresh.path)))).toBe(true);
    expect(await node.move({ path: gone.path, from: TIER_SSD, to: TIER_CPU })).toMatchObject([
      { problem: '' },
    ]);
    expect(await node.has(TIER_CPU, gone)).toBe(true);
  });

  it('keeps what it knows while the folder of a tier is away, and says so', async () => {
    await node.start({ flags: ['--rescan-interval-ms=50'] });
    const chunk = await writeNew(node.ssd);
    await node.adopt(chunk);
    await rename(node.ssd, `${node.ssd}-away`);
    await until(async () => (await node.ready()).checks.some((check) => check.name === 'scan' && !check.ok));
    const { status, checks } = await node.ready();
    expect(status).toBe('degraded');
    expect(checks.find((check) => check.name === 'ssd')?.detail).toMatch(
      /ssd cannot be written \(ENOENT\); the ssd tier is not usable/,
    );
    expect((await node.client.call('Stats', {})).tiers[1]?.chunks).toBe('1');
    await rename(`${node.ssd}-away`, node.ssd);
    await until(async () =>
      (await node.ready()).checks.every((check) => check.name === 'kv-offload' || check.ok),
    );
    expect(await node.verify({ path: chunk.path, tier: TIER_SSD })).toEqual(['']);
  });
});

describe('start-up', () => {
  it.each([
    [
      'a tier’s folder is a file',
      (node: NodeHarness) => writeFileSync(node.cpu, ''),
      /cpu tier cannot be used .*--cpu-dir/,
    ],
    [
      'the folder of the inventory cannot be made',
      (node: NodeHarness) => writeFileSync(node.ssd, ''),
      /cannot be made \(ENOTDIR\); see --data-dir/,
    ],
  ])('fails with what is wrong when %s', async (_what, harm, says) => {
    const node = new NodeHarness();
    harm(node);
    await expect(node.start()).rejects.toThrow(says);
    await node.end();
  });
});
