import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { S3 } from '../tiering/index.js';
import { FleetStorage } from './fleet-storage.js';
import { SerialLink } from './serial-link.js';
import { StorageView } from './storage-view.js';
import type { TierOptions } from './tier-options.js';

const CHUNK = 1_000;
const quick = { bytesPerSecond: 1e6, latencyMs: 1 };
const links = { cpuToGpu: quick, ssdToGpu: quick, cpuToSsd: quick, ssdToS3: quick, s3ToCpu: quick };

function storageOf(options: Partial<TierOptions> = {}) {
  const view = new StorageView(2, 1_000, 0, 1);
  const storage = new FleetStorage({
    cpuBytes: 10 * CHUNK,
    ssdBytes: 20 * CHUNK,
    s3Bytes: 0,
    planIntervalMs: 10,
    links,
    ...options,
    nodes: 2,
    chunkBytes: CHUNK,
    view,
  });
  return { storage, view, link: new SerialLink(quick) };
}
const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));
const place = (tier: 'cpu' | 'ssd', node = 0) => ({ tier, node: String(node) });

describe('FleetStorage', () => {
  it('has a chunk once it has arrived', () => {
    const { storage, view, link } = storageOf();
    storage.store(0, names(0, 2), link);
    storage.advance(2.9);
    expect(storage.tierOf(0, '0')).toBeUndefined();
    storage.advance(3);
    expect([storage.tierOf(0, '0'), storage.tierOf(0, '1'), storage.tierOf(1, '0')]).toEqual([
      'cpu',
      'cpu',
      undefined,
    ]);
    view.advance(3);
    expect(view.match(Int32Array.of(0, 1, 2), 0, 0)).toEqual([0, 2, 0, 0]);
  });

  it('moves the ends of the oldest prompts to the disk, those used twice on to S3, and forgets the others', () => {
    const { storage, link } = storageOf();
    storage.store(0, names(0, 10), link);
    storage.advance(1_000);
    expect(storage.usedBytes(place('cpu'))).toBe(8 * CHUNK);
    expect([storage.tierOf(0, '9'), storage.tierOf(0, '8'), storage.tierOf(0, '7')]).toEqual([
      'ssd',
      'ssd',
      'cpu',
    ]);
    for (let i = 0; i < 2; i++) storage.routed(0, ['9']);
    for (let first = 100; first < 140; first += 4) {
      storage.store(0, names(first, 4), link);
      storage.advance(storage.nowMs + 1_000);
    }
    expect(storage.tierOf(0, '9')).toBeUndefined();
    expect(storage.usedBytes(S3)).toBe(CHUNK);
    expect(storage.counts.removedChunks.ssd).toBeGreaterThan(0);
    expect(storage.counts.movedBytes['ssd-s3']).toBe(CHUNK);
    // A request that was sent here brings it back, as far as there is room.
    storage.routed(0, ['9']);
    expect(storage.tierOf(0, '9')).toBeUndefined();
    storage.advance(storage.nowMs + 2);
    expect(storage.tierOf(0, '9')).toBe('cpu');
    storage.load(0, ['9']);
    storage.load(0, ['9']);
    expect(storage.counts.loadedChunks).toEqual({ cpu: 1, ssd: 0, s3: 1 });
  });

  it('drops what the CPU tier has no room for, ends of prompts first', () => {
    const { storage, link } = storageOf({ cpuBytes: 4 * CHUNK });
    storage.store(0, names(0, 6), link);
    expect(storage.counts.droppedStores).toBe(2);
    storage.store(0, names(0, 4), link);
    expect(storage.counts.droppedStores).toBe(2);
    storage.advance(4.999);
    expect(storage.tierOf(0, '0')).toBeUndefined();
    storage.advance(5);
    expect(names(0, 6).map((name) => storage.tierOf(0, name))).toEqual([
      ...Array(4).fill('cpu'),
      undefined,
      undefined,
    ]);
  });

  it('makes engines of a node wait for each other at its disks', () => {
    const { storage, link } = storageOf();
    storage.store(0, names(0, 10), link);
    storage.advance(1_000);
    storage.load(0, ['8', '9']);
    expect([storage.diskWaitMs(0), storage.diskWaitMs(1)]).toEqual([2, 0]);
  });

  it('never holds more than there is room for, loses no copy, and settles below the high watermark', () => {
    const paths = fc
      .tuple(fc.nat(40), fc.integer({ min: 1, max: 6 }))
      .map(([from, count]) => names(from, count));
    const action = fc.oneof(
      fc.record({
        do: fc.constantFrom('store' as const, 'routed' as const, 'load' as const),
        node: fc.nat(1),
        paths,
      }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(30) }),
    );
    const options = fc.record({
      cpuBytes: fc.integer({ min: 2, max: 12 }).map((chunks) => chunks * CHUNK),
      ssdBytes: fc.integer({ min: 0, max: 12 }).map((chunks) => chunks * CHUNK),
      s3Bytes: fc.constantFrom(undefined, 0, 8 * CHUNK),
    });
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 80 }), (tiers, actions) => {
        const { storage, link } = storageOf(tiers);
        const check = () => {
          for (const node of [0, 1]) {
            expect(storage.usedBytes(place('cpu', node))).toBeLessThanOrEqual(tiers.cpuBytes);
            expect(storage.usedBytes(place('ssd', node))).toBeLessThanOrEqual(tiers.ssdBytes);
          }
          if (tiers.s3Bytes) expect(storage.usedBytes(S3)).toBeLessThanOrEqual(tiers.s3Bytes);
        };
        for (const act of actions) {
          if (act.do === 'wait') storage.advance(storage.nowMs + act.ms);
          else if (act.do === 'store') storage.store(act.node, act.paths, link);
          else if (act.do === 'routed') storage.routed(act.node, act.paths);
          else
            storage.load(
              act.node,
              act.paths.filter((path) => storage.tierOf(act.node, path)),
            );
          check();
        }
        for (let i = 0; i < 100; i++) {
          storage.advance(storage.nowMs + 50);
          check();
        }
        const { movedBytes, removedChunks } = storage.counts;
        const used = [0, 1].reduce(
          (sum, node) => sum + storage.usedBytes(place('cpu', node)) + storage.usedBytes(place('ssd', node)),
          storage.usedBytes(S3),
        );
        const removed = (removedChunks.cpu + removedChunks.ssd + removedChunks.s3) * CHUNK;
        const came = movedBytes['gpu-cpu'] + movedBytes['s3-cpu'];
        // A chunk that an engine computes while it is on its way from S3 comes twice.
        if (movedBytes['s3-cpu'] === 0) expect(used).toBe(came - removed);
        else expect(used).toBeLessThanOrEqual(came - removed);
        for (const node of [0, 1]) {
          expect(storage.usedBytes(place('cpu', node))).toBeLessThanOrEqual(0.9 * tiers.cpuBytes);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a CPU tier without room for a chunk', () => {
    expect(() => storageOf({ cpuBytes: CHUNK - 1 })).toThrow(
      /cpuBytes \(999\) must hold at least one chunk of 1000/,
    );
  });
});
