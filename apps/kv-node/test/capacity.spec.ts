import { existsSync, readdirSync, statSync } from 'node:fs';
import { unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseChunkPath } from '@penstock/engine';
import { until } from '@penstock/testing';
import type { KvNodeParts } from '../src/assemble-kv-node.js';
import { PARTS } from '../src/injection-tokens.js';
import type { CopyRecord } from '../src/inventory/copy-record.js';
import { type FileSystem, nodeFileSystem } from '../src/tiers/file-system.js';
import { type TestChunk, writeNew } from './chunks.js';
import { NodeHarness, TIER_CPU, TIER_SSD } from './node-harness.js';

const CAPACITY = 100_000;
const SIZE = 10_000;
const BLOCK = 1000;
/** A tenth more is tolerated, and another tenth is not looked for. */
const NEARLY = 1.2 * CAPACITY;

let node: NodeHarness;
let following: AbortController;
beforeEach(() => {
  node = new NodeHarness();
  following = new AbortController();
});
afterEach(async () => {
  following.abort();
  await node.end();
});

/** What is below a folder; a walk that meets one that is just being removed begins anew. */
function entriesOf(root: string): string[] {
  for (;;) {
    try {
      return readdirSync(root, { recursive: true, encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(root)) throw error;
    }
  }
}

/** Bytes of chunks that really are in a folder. */
function onDisk(root: string): number {
  const sizeOf = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0;
  return entriesOf(root)
    .filter(parseChunkPath)
    .reduce((sum, path) => sum + sizeOf(path), 0);
}

/** A file system of its own for each tier, so that nobody else's files are in its use. */
function ownFileSystems(): FileSystem {
  const statfs = async (root: string) => ({ blocks: 1e9, bfree: 1e9 - onDisk(root) / BLOCK, bsize: BLOCK });
  return { ...nodeFileSystem, statfs: statfs as unknown as FileSystem['statfs'] };
}

/** Starts it, scans at the start only, and has someone follow who never asks for anything. */
async function start(fs = ownFileSystems()): Promise<string[]> {
  const own = [
    '--cpu-capacity=100k',
    '--ssd-capacity=100k',
    '--rescan-interval-ms=3600000',
    '--alone-after-ms=3600000',
  ];
  await node.start({ fs, flags: own });
  const removed: string[] = [];
  let isListed = false;
  const stream = node.client.stream('WatchInventory', {}, { deadlineMs: 60_000, signal: following.signal });
  const follow = async () => {
    for await (const part of stream) {
      isListed ||= !part.listing;
      for (const { path, reason } of part.removed) removed.push(`${reason} ${path}`);
    }
  };
  void follow().catch(() => undefined);
  await until(() => isListed, 20_000);
  return removed;
}

async function write(count: number, root = node.cpu): Promise<TestChunk[]> {
  const chunks: TestChunk[] = [];
  for (let i = 0; i < count; i++) chunks.push(await writeNew(root, SIZE));
  return chunks;
}

describe('a tier that nobody makes room on', () => {
  it('loses what was used longest ago, and tells', async () => {
    // No scan may find a file before it is announced.
    const statfs = () => Promise.reject(new Error('not supported'));
    const removed = await start({ ...nodeFileSystem, statfs });
    const chunks = await write(24);
    for (const chunk of chunks) await node.adopt(chunk);
    await until(() => onDisk(node.cpu) <= CAPACITY, 20_000);
    expect(onDisk(node.cpu)).toBe(CAPACITY);
    const there = await Promise.all(chunks.map((chunk) => node.has(TIER_CPU, chunk)));
    expect(there.lastIndexOf(false)).toBeLessThan(there.indexOf(true));
    await until(() => removed.length >= 14);
    expect(removed.toSorted()).toEqual(
      chunks
        .slice(0, 14)
        .map(({ path }) => `full ${path}`)
        .toSorted(),
    );
    expect((await node.client.call('Stats', {})).tiers[0]?.usedBytes).toBe(String(CAPACITY));
    const left = entriesOf(node.cpu);
    for (const { path } of chunks.slice(0, 14)) expect(left).not.toContain(dirname(path));
    expect(await node.metrics()).toMatch(/penstock_kv_node_dropped_copies_total\{[^}]*tier="cpu"[^}]*\} 14/);
  }, 60_000);

  it('loses first what the node has twice', async () => {
    await start();
    const old = await write(5);
    await node.adopt(...old);
    const twice = await write(5);
    await node.adopt(...twice);
    const copies = twice.map(({ path }) => ({ path, from: TIER_CPU, to: TIER_SSD }));
    expect((await node.move(...copies)).map(({ problem }) => problem)).toEqual(twice.map(() => ''));
    await node.adopt(...(await write(5)));
    await until(() => onDisk(node.cpu) <= CAPACITY, 20_000);
    expect(await Promise.all(old.map((chunk) => node.has(TIER_CPU, chunk)))).toEqual(old.map(() => true));
    expect(await Promise.all(twice.map((chunk) => node.has(TIER_CPU, chunk)))).toEqual(
      twice.map(() => false),
    );
    expect(onDisk(node.ssd)).toBe(5 * SIZE);
  }, 60_000);

  it('does not outgrow its capacity by files that nobody announces', async () => {
    await start();
    for (let round = 0; round < 3; round++) {
      await write(20);
      await until(() => onDisk(node.cpu) <= NEARLY, 20_000);
    }
    await write(20, node.ssd);
    await until(() => onDisk(node.ssd) <= NEARLY, 20_000);
  }, 90_000);

  it('does not keep for ever what was used when the clock was ahead', async () => {
    await start();
    const [old] = await write(1);
    const { inventory } = node.service.get<KvNodeParts>(PARTS);
    await node.adopt(old as TestChunk);
    const ahead = Date.now() + 365 * 24 * 3600 * 1000;
    inventory.put({ ...(inventory.get('cpu', (old as TestChunk).path) as CopyRecord), lastUsedMs: ahead });
    const found = (await write(1))[0] as TestChunk;
    await utimes(join(node.cpu, found.path), ahead / 1000, ahead / 1000);
    following.abort();
    await node.stop();
    following = new AbortController();
    await start();
    const fresh = await write(14);
    await node.adopt(...fresh);
    await until(() => onDisk(node.cpu) <= CAPACITY, 20_000);
    expect(await Promise.all([old as TestChunk, found].map((chunk) => node.has(TIER_CPU, chunk)))).toEqual([
      false,
      false,
    ]);
  }, 60_000);

  it('is left alone a little above its capacity, and is not scanned without need', async () => {
    await start();
    const chunks = await write(11);
    await node.adopt(...chunks);
    const scans = async () => (await node.metrics()).match(/what="unknown"[^}]*\} (\d+)/)?.[1];
    const before = await scans();
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(onDisk(node.cpu)).toBe(11 * SIZE);
    expect(await scans()).toBe(before);
  }, 60_000);
});

describe('a device that takes its time', () => {
  it('holds up neither the search for files nor the room in memory', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fs = ownFileSystems();
    // Whatever is written to the SSD stays under way.
    const rename: FileSystem['rename'] = async (from, to) => {
      if (String(to).startsWith(node.ssd)) await released;
      await nodeFileSystem.rename(from, to);
    };
    await node.start({
      fs: { ...fs, rename },
      flags: [
        '--cpu-capacity=100k',
        '--ssd-capacity=100k',
        '--rescan-interval-ms=3600000',
        '--concurrency=4',
      ],
    });
    const moving = await write(4);
    await node.adopt(...moving);
    const orders = moving.map(({ path }) => ({ path, from: TIER_CPU, to: TIER_SSD, removeSource: true }));
    const moved = node.client.call('Move', { moves: orders }, { deadlineMs: 60_000 });
    await until(() => entriesOf(node.ssd).filter((name) => name.endsWith('.tmp')).length === 4);
    // One that is being moved is gone without a word, which the scan sees.
    const [gone, ...rest] = moving as [TestChunk, ...TestChunk[]];
    await unlink(join(node.cpu, gone.path));
    for (let round = 0; round < 2; round++) {
      await write(20);
      await until(() => onDisk(node.cpu) <= CAPACITY, 20_000);
    }
    expect(await Promise.all(rest.map((chunk) => node.has(TIER_CPU, chunk)))).toEqual([true, true, true]);
    release();
    expect((await moved).results.map(({ problem }) => problem)).toEqual(['', '', '', '']);
    expect(await Promise.all(moving.map((chunk) => node.has(TIER_SSD, chunk)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  }, 90_000);
});
