import { rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseChunkPath } from '@penstock/engine';
import { createLogger, createRegistry, loadConfig, systemClock } from '@penstock/platform';
import { FakeObjectStore, until } from '@penstock/testing';
import type { MoveOrder } from '../src/application/move-order.js';
import { assembleKvNode, type KvNodeParts } from '../src/assemble-kv-node.js';
import { config } from '../src/config.js';
import { isChecked } from '../src/inventory/copy-record.js';
import { type FileSystem, nodeFileSystem } from '../src/tiers/file-system.js';
import type { FolderTier, TierName } from '../src/tiers/tier-name.js';
import { type TestChunk, writeNew } from './chunks.js';
import { fastFolder } from './fast-folder.js';
import { type Fault, FaultyFileSystem } from './faulty-file-system.js';

const SIZE = 3000;

/** Folders and a bucket with one chunk on one tier, and kv-nodes that come and go over them. */
class Bench {
  readonly home = fastFolder('penstock-kv-node-faults-');
  readonly objects = new FakeObjectStore();
  chunk!: TestChunk;
  private parts: KvNodeParts | undefined;

  root(tier: 'cpu' | 'ssd'): string {
    return join(this.home, tier);
  }

  /** A kv-node on this file system; `start` also begins its work. */
  open(fs: FileSystem): KvNodeParts {
    const flags = [
      ...['--node=n', `--cpu-dir=${this.root('cpu')}`, '--cpu-capacity=1Mi'],
      ...[`--ssd-dir=${this.root('ssd')}`, '--ssd-capacity=1Mi', '--log-level=silent'],
    ];
    const logger = createLogger({ service: 'kv-node', instance: 'test', level: 'silent' });
    const context = {
      ...{ config: loadConfig(config, flags, {}).config, logger },
      registry: createRegistry('kv-node', 'test'),
    };
    this.parts = assembleKvNode({ fs, clock: systemClock, objects: this.objects }, context);
    return this.parts;
  }

  async close(): Promise<void> {
    await this.parts?.run.stop();
    this.parts?.inventory.close();
    this.parts = undefined;
  }

  /** Puts the chunk on a tier, by a kv-node that works. */
  async place(on: TierName): Promise<void> {
    const parts = this.open(nodeFileSystem);
    await parts.run.start();
    this.chunk = await writeNew(this.root('cpu'), SIZE);
    const { hash, keys } = this.chunk;
    expect(await parts.adopter.adoptAll([{ hash, scope: 'ns/pool', keys }])).toMatchObject([{ copy: {} }]);
    if (on !== 'cpu') await this.order(parts, { from: 'cpu', to: on, removeSource: true });
    await this.close();
  }

  async order(parts: KvNodeParts, order: Omit<MoveOrder, 'path'>): Promise<string> {
    const [outcome] = await parts.mover.moveAll([{ path: this.chunk.path, ...order }]);
    return outcome?.problem ?? '';
  }

  /** Tiers that have the chunk, bytes compared; temporary files are collected. */
  async look(): Promise<{ tiers: TierName[]; temporary: string[] }> {
    const tiers: TierName[] = [];
    const temporary: string[] = [];
    for (const tier of ['cpu', 'ssd'] as const) {
      for (const entry of await readdir(this.root(tier), { recursive: true })) {
        if (entry.endsWith('.tmp')) temporary.push(entry);
        if (parseChunkPath(entry) === undefined) continue;
        expect(crc32(await readFile(join(this.root(tier), entry)))).toBe(this.chunk.crc32);
        tiers.push(tier);
      }
    }
    if (await this.objects.head(this.chunk.path)) {
      const { body } = await this.objects.get(this.chunk.path);
      for await (const bytes of body) expect(crc32(bytes)).toBe(this.chunk.crc32);
      tiers.push('s3');
    }
    return { tiers, temporary };
  }

  known(parts: KvNodeParts): FolderTier[] {
    return (['cpu', 'ssd'] as const).filter((tier) => {
      const record = parts.inventory.get(tier, this.chunk.path);
      if (record && isChecked(record)) expect(record.crc32).toBe(this.chunk.crc32);
      return record !== undefined;
    });
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

const ORDERS: ReadonlyArray<Omit<MoveOrder, 'path'>> = [
  { from: 'cpu', to: 'ssd', removeSource: true },
  { from: 'ssd', to: 'cpu', removeSource: true },
  { from: 'cpu', to: 's3', removeSource: true },
  { from: 's3', to: 'ssd', removeSource: true },
  { from: 's3', to: 'cpu', removeSource: false },
  { from: 'ssd', removeSource: true },
];

/** A kv-node with a new chunk on the source, which carries out the order on this file system. */
async function run(bench: Bench, order: Omit<MoveOrder, 'path'>, faulty: FaultyFileSystem): Promise<string> {
  await bench.place(order.from);
  return bench.order(bench.open(faulty.fs), order);
}

describe.each(ORDERS)('$from to $to, source removed: $removeSource', (order) => {
  let calls = 0;
  beforeAll(async () => {
    const bench = new Bench();
    const counting = new FaultyFileSystem(0);
    expect(await run(bench, order, counting)).toBe('');
    calls = counting.calls;
    expect(calls).toBeGreaterThanOrEqual(3);
    await bench.close();
    bench.remove();
  });

  const expected = (): TierName[] => {
    const kept = order.removeSource ? [] : [order.from];
    return [...(order.to ? [order.to] : []), ...kept];
  };

  it.each([
    ['error', 'ENOSPC'],
    ['error', 'EIO'],
  ] as const)(
    'leaves a whole copy whichever call fails (%s %s)',
    async (fault, code) => {
      for (let at = 1; at <= calls; at++) {
        const bench = new Bench();
        const faulty = new FaultyFileSystem(at, fault, code);
        const problem = await run(bench, order, faulty);
        expect(faulty.calls).toBeGreaterThanOrEqual(at);
        const { tiers, temporary } = await bench.look();
        expect(temporary).toEqual([]);
        if (order.to !== undefined) expect(tiers.length).toBeGreaterThan(0);
        await bench.close();
        const parts = bench.open(nodeFileSystem);
        // What the inventory says is there; what it does not say is found by the next comparison.
        for (const tier of bench.known(parts)) expect(tiers).toContain(tier);
        if (problem === '') expect(new Set(tiers)).toEqual(new Set(expected()));
        else expect(['full', 'unreadable']).toContain(problem);
        await parts.run.start();
        await until(() =>
          bench
            .known(parts)
            .every((tier) => parts.inventory.get(tier, bench.chunk.path)?.crc32 !== undefined),
        );
        expect(await bench.order(parts, order)).toBe('');
        expect(new Set((await bench.look()).tiers)).toEqual(new Set(expected()));
        await bench.close();
        bench.remove();
      }
    },
    120_000,
  );

  it.each(['before', 'after', 'half'] as Fault[])(
    'leaves a whole copy wherever the process ends (%s a call)',
    async (fault) => {
      for (let at = 1; at <= calls; at++) {
        const bench = new Bench();
        await run(bench, order, new FaultyFileSystem(at, fault));
        const left = await bench.look();
        if (order.to !== undefined) expect(left.tiers.length).toBeGreaterThan(0);
        await bench.close();

        const parts = bench.open(nodeFileSystem);
        await parts.run.start();
        await until(() =>
          bench
            .known(parts)
            .every((tier) => parts.inventory.get(tier, bench.chunk.path)?.crc32 !== undefined),
        );
        const { tiers, temporary } = await bench.look();
        expect(temporary).toEqual([]);
        expect(tiers).toEqual(left.tiers);
        expect(bench.known(parts)).toEqual(tiers.filter((tier) => tier !== 's3'));
        expect(await bench.order(parts, order)).toBe('');
        expect(new Set((await bench.look()).tiers)).toEqual(new Set(expected()));
        await bench.close();
        bench.remove();
      }
    },
    120_000,
  );
});
