import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { CopyRecord } from '../inventory/copy-record.js';
import { Inventory } from '../inventory/inventory.js';
import { InventoryFile } from '../inventory/inventory-file.js';
import {
  DEFAULT_STREAM_OPTIONS,
  type InventoryPart,
  type InventorySink,
  InventoryStream,
} from './inventory-stream.js';

const record = (tier: 'cpu' | 'ssd', path: string, over: Partial<CopyRecord> = {}): CopyRecord => ({
  ...{ tier, path, sizeBytes: 10, crc32: 1, scope: 'ns/pool', keys: new Uint8Array(8), lastUsedMs: 1 },
  ...over,
});

/** A follower that keeps what it is told, and can be slow. */
class Follower implements InventorySink {
  readonly held = new Map<string, number>();
  readonly parts: InventoryPart[] = [];
  isReady = true;
  failure: string | undefined;

  write(part: InventoryPart): void {
    if (!this.isReady) throw new Error('written to while it was not ready');
    const keys = [...part.stored, ...part.removed].map(({ tier, path }) => `${tier}/${path}`);
    if (new Set(keys).size !== keys.length) throw new Error('a copy is twice in one part');
    this.parts.push(part);
    for (const { tier, path, sizeBytes } of part.stored) this.held.set(`${tier}/${path}`, sizeBytes);
    for (const { tier, path } of part.removed) this.held.delete(`${tier}/${path}`);
  }

  fail(message: string): void {
    this.failure = message;
  }
}

describe('InventoryStream', () => {
  let folder: string;
  let inventory: Inventory;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'inventory-stream-'));
    jest.useFakeTimers();
  });
  afterAll(() => {
    jest.useRealTimers();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    inventory = new Inventory(InventoryFile.open(folder).file, 1);
    for (const tier of ['cpu', 'ssd'] as const) {
      for (const { path } of [...inventory.records(tier)]) inventory.remove(tier, path, 'asked');
    }
  });
  afterEach(() => inventory.close());

  const options = { ...DEFAULT_STREAM_OPTIONS, partCopies: 3, maxWaiting: 20 };
  const checkedCopies = () =>
    new Map(
      (['cpu', 'ssd'] as const).flatMap((tier) =>
        [...inventory.records(tier)]
          .filter(({ crc32 }) => crc32 !== undefined)
          .map(({ path, sizeBytes }): [string, number] => [`${tier}/${path}`, sizeBytes]),
      ),
    );

  const steps = fc.array(
    fc.oneof(
      fc.record({
        do: fc.constant('put' as const),
        tier: fc.constantFrom('cpu' as const, 'ssd' as const),
        path: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        sizeBytes: fc.nat({ max: 100 }),
        crc32: fc.option(fc.nat(), { nil: undefined }),
      }),
      fc.record({
        do: fc.constant('remove' as const),
        tier: fc.constantFrom('cpu' as const, 'ssd' as const),
        path: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      }),
      fc.record({ do: fc.constant('pace' as const), ready: fc.boolean() }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 30 }) }),
    ),
    { maxLength: 60 },
  );

  it('ends at what the inventory is, whenever it began and however slow the follower is', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 30 }), (all, beginAt) => {
        const follower = new Follower();
        let stream: InventoryStream | undefined;
        const begin = () => {
          stream = new InventoryStream(inventory, follower, options);
          stream.send();
        };
        all.forEach((step, i) => {
          if (i === beginAt) begin();
          if (step.do === 'put') inventory.put(record(step.tier, step.path, step));
          else if (step.do === 'remove') inventory.remove(step.tier, step.path, 'moved');
          else if (step.do === 'wait') jest.advanceTimersByTime(step.ms);
          else {
            follower.isReady = step.ready;
            if (step.ready) stream?.send();
          }
        });
        if (!stream) begin();
        follower.isReady = true;
        stream?.send();
        jest.advanceTimersByTime(20);
        expect(follower.failure).toBeUndefined();
        expect(follower.held).toEqual(checkedCopies());
        const flags = follower.parts.map((part) => part.listing);
        expect(flags).toEqual([...flags].sort((a, b) => Number(b) - Number(a)));
        stream?.end();
      }),
      { numRuns: 300 },
    );
  });

  it('gives up a follower that stays behind, and keeps nothing for it', () => {
    const follower = new Follower();
    const stream = new InventoryStream(inventory, follower, options);
    stream.send();
    follower.isReady = false;
    for (let i = 0; i <= 20; i++) inventory.put(record('cpu', `p${i}`));
    expect(follower.failure).toMatch(/more than 20 changes wait to be sent; follow the inventory anew/);
    follower.isReady = true;
    jest.advanceTimersByTime(5000);
    expect(follower.parts).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives a sign of life when nothing changes', () => {
    const follower = new Follower();
    const stream = new InventoryStream(inventory, follower, options);
    stream.send();
    jest.advanceTimersByTime(3000);
    expect(follower.parts).toEqual(
      Array.from({ length: 4 }, () => ({ listing: false, stored: [], removed: [] })),
    );
    stream.end();
    expect(jest.getTimerCount()).toBe(0);
  });
});
