import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';
import type { JestApi } from './jest-api.js';

const POOL = ['ns', 'pool'] as const;
const u64 = (...values: Array<number | bigint>) => BigUint64Array.from(values, BigInt);

const delta = (engineId: string, sequence: number, over: Partial<StoredDelta> = {}): StoredDelta => ({
  engineId,
  incarnation: 1,
  sequence,
  engineSequence: sequence * 10,
  changes: [{ tier: 'gpu', engineHashes: u64(sequence), keys: u64(sequence + 1000) }],
  removed: [],
  cleared: false,
  ...over,
});

const whole = (engineId: string, over: Partial<StoredEngine> = {}): StoredEngine => ({
  engineId,
  incarnation: 1,
  sequence: 5,
  engineSequence: 50,
  facts: { model: 'm "ü"', podUid: 'u' },
  blocks: [
    {
      tier: 'gpu',
      engineHashes: u64(1, 2, 0xffff_ffff_ffff_ffffn),
      keys: u64(11, 12, 0x8000_0000_0000_0000n),
    },
    { tier: 's3', engineHashes: u64(1), keys: u64(11) },
  ],
  ...over,
});

/** Blocks as text, with the check bits that are known, whatever their order. */
export function blocksAsText(engine: StoredEngine | undefined): string[] {
  const pairs = engine?.blocks.flatMap(({ tier, window, engineHashes, keys, checks }) =>
    Array.from(engineHashes, (hash, i) => {
      const check = checks?.[i] ? `/${checks[i]}` : '';
      return `${tier}${window ? ' window' : ''} ${hash}=${keys[i]}${check}`;
    }),
  );
  return (pairs ?? []).sort();
}

/** What every `BlockStore` promises; run against each implementation. */
export function describeBlockStore(
  jest: JestApi,
  name: string,
  make: () => Promise<{ store: BlockStore; close(): Promise<void> }>,
): void {
  const { describe, it, expect, beforeAll, afterAll } = jest;
  describe(`${name} as a BlockStore`, () => {
    let store: BlockStore;
    let close: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      ({ store, close } = await make());
    });
    afterAll(() => close?.());
    const load = (engineId: string) => store.load(...POOL, engineId);

    it('has nothing of an engine it never saw', async () => {
      expect(await load('ns/unknown')).toBeUndefined();
      expect(await store.engines('ns', 'unknown')).toEqual([]);
    });

    it('gives back what was replaced, also under ugly names', async () => {
      const engineId = 'ns/pod-0#1 {x}:%"ü';
      expect(await store.replace('n{s}', 'p/ö', whole(engineId))).toBe(true);
      const loaded = await store.load('n{s}', 'p/ö', engineId);
      const { blocks: _blocks, ...facts } = whole(engineId);
      expect(loaded).toMatchObject(facts);
      expect(blocksAsText(loaded)).toEqual(blocksAsText(whole(engineId)));
      expect(await store.engines('n{s}', 'p/ö')).toEqual([engineId]);
    });

    it('appends in order: cleared, removed, stored', async () => {
      const engineId = 'ns/append';
      await store.replace(...POOL, whole(engineId));
      const next = delta(engineId, 6, {
        removed: [{ tier: 'gpu', engineHashes: u64(1, 77) }],
        changes: [{ tier: 'gpu', engineHashes: u64(2, 9), keys: u64(22, 19) }],
      });
      expect(await store.append(...POOL, next)).toBe(true);
      const loaded = await load(engineId);
      expect(loaded).toMatchObject({
        incarnation: 1,
        sequence: 6,
        engineSequence: 60,
        facts: { model: 'm "ü"' },
      });
      const expected = ['gpu 18446744073709551615=9223372036854775808', 'gpu 2=22', 'gpu 9=19', 's3 1=11'];
      expect(blocksAsText(loaded)).toEqual(expected);
      const cleared = delta(engineId, 7, {
        cleared: true,
        removed: [{ tier: 'cpu', engineHashes: u64(2) }],
        changes: [{ tier: 'cpu', engineHashes: u64(2), keys: u64(3) }],
      });
      expect(await store.append(...POOL, cleared)).toBe(true);
      expect(blocksAsText(await load(engineId))).toEqual(['cpu 2=3']);
    });

    it('keeps check bits and what sliding windows hold', async () => {
      const engineId = 'ns/hybrid';
      const window = true;
      await store.replace(
        ...POOL,
        whole(engineId, {
          windowBlocks: 8,
          blocks: [
            { tier: 'gpu', engineHashes: u64(1, 2), keys: u64(11, 12), checks: Uint32Array.of(7, 0) },
            { tier: 'gpu', window, engineHashes: u64(1, 2), keys: u64(11, 12) },
          ],
        }),
      );
      expect(await load(engineId)).toMatchObject({ windowBlocks: 8 });
      const next = delta(engineId, 6, {
        windowBlocks: 9,
        removed: [{ tier: 'gpu', window, engineHashes: u64(1) }],
        changes: [
          { tier: 'gpu', engineHashes: u64(3), keys: u64(13), checks: Uint32Array.of(0xffff_ffff) },
          { tier: 'cpu', window, engineHashes: u64(3), keys: u64(13), checks: Uint32Array.of(1) },
        ],
      });
      expect(await store.append(...POOL, next)).toBe(true);
      const loaded = await load(engineId);
      expect(loaded).toMatchObject({ windowBlocks: 9 });
      const expected = [
        'cpu window 3=13/1',
        'gpu 1=11/7',
        'gpu 2=12',
        'gpu 3=13/4294967295',
        'gpu window 2=12',
      ];
      expect(blocksAsText(loaded)).toEqual(expected);
      await store.append(...POOL, delta(engineId, 7, { cleared: true }));
      expect(await load(engineId)).not.toHaveProperty('windowBlocks');
    });

    it('takes the deltas of many engines, and several of one, in one tick', async () => {
      const ids = Array.from({ length: 100 }, (_, i) => `ns/many-${i}`);
      const answers = ids.flatMap((engineId) =>
        [1, 2, 4, 3].map((sequence) => store.append('ns', 'many', delta(engineId, sequence))),
      );
      expect(await Promise.all(answers)).toEqual(ids.flatMap(() => [true, true, false, true]));
      const loaded = [];
      for await (const engine of store.loadPool('ns', 'many')) loaded.push(engine);
      expect(loaded.map(({ engineId }) => engineId).sort()).toEqual([...ids].sort());
      for (const engine of loaded) {
        expect(engine).toMatchObject({ incarnation: 1, sequence: 3 });
        expect(blocksAsText(engine)).toEqual(['gpu 1=1001', 'gpu 2=1002', 'gpu 3=1003']);
      }
    });

    it('starts an engine with its first delta', async () => {
      expect(await store.append(...POOL, delta('ns/first', 1))).toBe(true);
      expect(await store.append(...POOL, delta('ns/first', 2))).toBe(true);
      const loaded = await load('ns/first');
      expect(loaded).toMatchObject({ engineId: 'ns/first', sequence: 2, facts: {} });
      expect(blocksAsText(loaded)).toEqual(['gpu 1=1001', 'gpu 2=1002']);
    });

    it('takes the same delta twice as once, and another with its number not at all', async () => {
      const engineId = 'ns/twice';
      for (const sequence of [1, 2, 2])
        expect(await store.append(...POOL, delta(engineId, sequence))).toBe(true);
      const impostor = delta(engineId, 2, { changes: [{ tier: 'gpu', engineHashes: u64(2), keys: u64(7) }] });
      expect(await store.append(...POOL, impostor)).toBe(false);
      expect(blocksAsText(await load(engineId))).toEqual(['gpu 1=1001', 'gpu 2=1002']);
    });

    it('refuses deltas with a hole, from the past, and of an older life', async () => {
      const engineId = 'ns/fenced';
      await store.replace(...POOL, whole(engineId, { incarnation: 3 }));
      const refused = [
        delta(engineId, 7, { incarnation: 3 }),
        delta(engineId, 4, { incarnation: 3 }),
        delta(engineId, 6, { incarnation: 2 }),
        delta(engineId, 1, { incarnation: 2 }),
        delta(engineId, 1, { incarnation: 3 }),
        delta(engineId, 6, { incarnation: 4 }),
      ];
      for (const stale of refused) expect(await store.append(...POOL, stale)).toBe(false);
      expect(await load(engineId)).toMatchObject({ incarnation: 3, sequence: 5 });
      expect(await store.append(...POOL, delta('ns/never-seen', 2))).toBe(false);
      expect(await load('ns/never-seen')).toBeUndefined();
    });

    it('drops the old life with the first delta of a new one', async () => {
      const engineId = 'ns/restarted';
      await store.replace(...POOL, whole(engineId, { incarnation: 3 }));
      expect(await store.append(...POOL, delta(engineId, 1, { incarnation: 4 }))).toBe(true);
      const loaded = await load(engineId);
      expect(loaded).toMatchObject({ incarnation: 4, sequence: 1, facts: {} });
      expect(blocksAsText(loaded)).toEqual(['gpu 1=1001']);
    });

    it('replaces unless it holds something newer', async () => {
      const engineId = 'ns/replaced';
      await store.replace(...POOL, whole(engineId, { incarnation: 3, sequence: 9 }));
      const stale = [
        whole(engineId, { incarnation: 3, sequence: 8 }),
        whole(engineId, { incarnation: 2, sequence: 99 }),
      ];
      for (const older of stale) expect(await store.replace(...POOL, older)).toBe(false);
      expect(await load(engineId)).toMatchObject({ incarnation: 3, sequence: 9 });
      const same = whole(engineId, { incarnation: 3, sequence: 9, blocks: [] });
      const newer = whole(engineId, { incarnation: 1_790_000_000_123, sequence: 0, engineSequence: 0 });
      for (const engine of [same, newer]) expect(await store.replace(...POOL, engine)).toBe(true);
      expect(await load(engineId)).toMatchObject({
        incarnation: 1_790_000_000_123,
        sequence: 0,
        engineSequence: 0,
      });
    });

    it('lists and removes engines of one pool', async () => {
      for (const engineId of ['ns/one', 'ns/two']) await store.replace('ns', 'listed', whole(engineId));
      await store.replace('ns', 'listed-too', whole('ns/three'));
      expect((await store.engines('ns', 'listed')).sort()).toEqual(['ns/one', 'ns/two']);
      await store.remove('ns', 'listed', 'ns/one');
      await store.remove('ns', 'listed', 'ns/never');
      expect(await store.engines('ns', 'listed')).toEqual(['ns/two']);
      expect(await store.load('ns', 'listed', 'ns/one')).toBeUndefined();
    });

    it('removes no newer life, and lets no older one come after', async () => {
      const engineId = 'ns/gone';
      await store.replace(...POOL, whole(engineId, { incarnation: 5 }));
      await store.remove(...POOL, engineId, 4);
      expect(await load(engineId)).toMatchObject({ incarnation: 5 });
      await store.remove(...POOL, engineId, 5);
      expect(await load(engineId)).toBeUndefined();
      expect(await store.engines(...POOL)).not.toContain(engineId);
      expect(await store.append(...POOL, delta(engineId, 1, { incarnation: 4 }))).toBe(false);
      expect(await store.append(...POOL, delta(engineId, 6, { incarnation: 5 }))).toBe(false);
      expect(await store.replace(...POOL, whole(engineId, { incarnation: 4 }))).toBe(false);
      expect(await load(engineId)).toBeUndefined();
      // The same life came back: its state is wanted again.
      expect(await store.replace(...POOL, whole(engineId, { incarnation: 5 }))).toBe(true);
      expect(await load(engineId)).toMatchObject({ incarnation: 5 });
      await store.remove(...POOL, engineId);
      expect(await store.append(...POOL, delta(engineId, 1, { incarnation: 6 }))).toBe(true);
      expect(await store.engines(...POOL)).toContain(engineId);
    });

    it('has one epoch and a probe that passes', async () => {
      const epoch = await store.epoch();
      expect(epoch).toBeTruthy();
      await store.probe();
      expect(await store.epoch()).toBe(epoch);
    });
  });
}
