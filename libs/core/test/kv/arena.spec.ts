import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ARENA_VERSION } from '../../src/kv/arena/shared-index-handle.js';
import { PrefixIndex, PrefixIndexReader, TIERS } from '../../src/kv/index.js';
import { apply, BLOCKS, checkOf, keyOf, keysOf, operations, PROMPT } from './index-operations.js';
import { factBit, IndexOracle } from './index-oracle.js';

const ENGINES = Array.from({ length: 9 }, (_, i) => `ns/pod-${i}`);
/** Always dense, changing between sparse and dense, and as it is in use. */
const shape = fc.record({ denseAbove: fc.constantFrom(1, 3, undefined), shared: fc.boolean() });

function sorted<T extends { engineId: string }>(found: T[]): T[] {
  return found.sort((a, b) => (a.engineId < b.engineId ? -1 : 1));
}

/** Everything that can be read is what the oracle says. */
function expectEqual(index: PrefixIndex | PrefixIndexReader, oracle: IndexOracle, from: number): void {
  const prompt = [...PROMPT.slice(from), ...PROMPT.slice(0, from)];
  const expected = ENGINES.map((id) => oracle.match(id, prompt));
  expect(index.match(keysOf(prompt), ENGINES)).toEqual(expected);
  expect(sorted(index.match(keysOf(prompt)))).toEqual(expected.filter(({ blocks }) => blocks > 0));
  for (const id of ENGINES) {
    const held = PROMPT.filter((block) => oracle.bits(id, block) !== 0);
    expect(index.blocksOf(id)).toBe(held.length);
    for (const tier of TIERS) {
      for (const window of [false, true]) {
        const on = held.filter((block) => (oracle.bits(id, block) & factBit(tier, window)) !== 0);
        expect([...index.keysOf(id, tier, { window })].sort()).toEqual([...keysOf(on)].sort());
      }
    }
  }
  for (const block of PROMPT) {
    const holders = ENGINES.map((engineId) => ({ engineId, tierBits: oracle.bits(engineId, block) }));
    expect(sorted(index.holdersOf(keyOf(block)))).toEqual(holders.filter(({ tierBits }) => tierBits !== 0));
  }
}

describe('the arena', () => {
  it('equals a brute-force index after any operations, sparse or dense, plain or shared', () => {
    fc.assert(
      fc.property(operations(ENGINES, 90), shape, fc.nat(BLOCKS - 1), (ops, options, from) => {
        const index = new PrefixIndex(options);
        const reader = options.shared ? new PrefixIndexReader(index.handle()) : undefined;
        const oracle = new IndexOracle();
        for (const [i, op] of ops.entries()) {
          apply(index, oracle, op.type === 'store' ? { ...op, checked: 0 } : op);
          if (i % 16 !== 0) continue;
          expect((reader ?? index).match(keysOf(PROMPT), ENGINES)).toEqual(
            ENGINES.map((id) => oracle.match(id, PROMPT)),
          );
        }
        expectEqual(index, oracle, from);
        if (reader) expectEqual(reader, oracle, from);
        while (index.sweep(3) > 0);
        expect([index.holders, index.blocks]).toEqual([oracle.pairs, oracle.blocks]);
        expectEqual(index, oracle, from);
        expect([index.refused, index.evicted]).toEqual([0, 0]);
      }),
      { numRuns: 250 },
    );
  });

  it('tells blocks of one key apart where both sides know check bits', () => {
    fc.assert(
      fc.property(operations(ENGINES.slice(0, 4), 60), shape, fc.nat(2), (ops, options, asked) => {
        const index = new PrefixIndex(options);
        const oracle = new IndexOracle();
        for (const op of ops) {
          apply(index, oracle, op);
          while (index.sweep(64) > 0);
        }
        const checks = PROMPT.map((block) => checkOf(block, asked));
        const found = index.match({ keys: keysOf(PROMPT), checks: Uint32Array.from(checks) }, ENGINES);
        expect(found).toEqual(ENGINES.map((id) => oracle.match(id, PROMPT, checks)));
        expect(index.collisions).toBe(oracle.collisions);
        for (const id of ENGINES.slice(0, 4)) {
          const { keys, checks: known } = index.blocksOn(id, 'gpu');
          for (const [i, key] of keys.entries())
            expect(known[i]).toBe(oracle.checks.get(Number(key / 0x1_0000_0001n)) ?? 0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never claims more than the truth when it is too small, and stays within its bounds', () => {
    const bound = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(operations(ENGINES, 120), shape, bound, (ops, options, maxHolders) => {
        const index = new PrefixIndex({ ...options, maxHolders });
        const oracle = new IndexOracle();
        for (const op of ops) {
          apply(index, oracle, op.type === 'store' ? { ...op, checked: 0 } : op);
          expect(index.holders).toBeLessThanOrEqual(maxHolders);
        }
        for (const block of PROMPT) {
          for (const { engineId, tierBits } of index.holdersOf(keyOf(block)))
            expect(tierBits & ~oracle.bits(engineId, block)).toBe(0);
        }
        const usable = index.match(keysOf(PROMPT), ENGINES);
        for (const { engineId, blocks } of usable)
          expect(blocks).toBeLessThanOrEqual(oracle.match(engineId, PROMPT).blocks);
        while (index.sweep(64) > 0);
        const pairs = ENGINES.reduce((sum, id) => sum + index.blocksOf(id), 0);
        expect(index.holders).toBe(pairs);
        if (index.evicted === 0 && index.refused === 0) expect(pairs).toBe(oracle.pairs);
      }),
      { numRuns: 150 },
    );
  });

  it('gives a slot again only when nothing of its last engine is left, dense blocks included', () => {
    const index = new PrefixIndex({ denseAbove: 2 });
    const many = keysOf(Array.from({ length: 500 }, (_, i) => i + 1));
    for (const id of ENGINES) index.store(id, 'gpu', many);
    index.clear('ns/pod-0');
    index.setWindowBlocks('ns/new', 1);
    expect(index.match(many, ['ns/pod-0', 'ns/new']).map(({ blocks }) => blocks)).toEqual([0, 0]);
    while (index.sweep(1) > 0) expect(index.blocksOf('ns/new')).toBe(0);
    index.store('ns/again', 'gpu', many.subarray(0, 3));
    expect(index.match(many, ['ns/again', 'ns/pod-1']).map(({ blocks }) => blocks)).toEqual([3, 500]);
    expect(index.holders).toBe(500 * 8 + 3);
    for (const id of [...ENGINES, 'ns/again', 'ns/new']) index.clear(id);
    while (index.sweep(64) > 0);
    expect([index.holders, index.blocks]).toEqual([0, 0]);
  });

  it('serves more engines than its planes were made for', () => {
    const index = new PrefixIndex({ denseAbove: 4, shared: true });
    const reader = new PrefixIndexReader(index.handle());
    const ids = Array.from({ length: 1000 }, (_, i) => `ns/pod-${i}`);
    for (const [i, id] of ids.entries()) index.store(id, 'gpu', keysOf(PROMPT.slice(0, 1 + (i % BLOCKS))));
    const expected = ids.map((_, i) => 1 + (i % BLOCKS));
    expect(index.match(keysOf(PROMPT), ids).map(({ blocks }) => blocks)).toEqual(expected);
    expect(reader.match(keysOf(PROMPT), ids).map(({ blocks }) => blocks)).toEqual(expected);
    expect([...reader.engines()].sort()).toEqual([...ids].sort());
    expect(index.bytes).toBe(reader.bytes);
  });

  it('lets the coldest blocks go: neither what is stored again nor what is looked up', () => {
    const index = new PrefixIndex({ maxHolders: 4000 });
    const blocks = (from: number, count: number) => keysOf(Array.from({ length: count }, (_, i) => from + i));
    const [hot, cold] = [blocks(1, 500), blocks(10_000, 2500)];
    index.store('ns/a', 'gpu', hot);
    index.store('ns/a', 'gpu', cold);
    for (let round = 0; round < 60; round++) {
      index.match(hot, ['ns/a']);
      index.store('ns/b', 'gpu', blocks(100_000 + round * 100, 100));
    }
    expect(index.match(hot, ['ns/a'])[0]?.blocks).toBe(500);
    expect(index.evicted).toBeGreaterThan(4000);
    expect([index.refused, index.blocksOf('ns/a')]).toEqual([0, 500]);
  });

  it('is full of pairs before it is full of bytes, and then refuses nothing', () => {
    for (const shared of [false, true]) {
      const index = new PrefixIndex({ maxHolders: 300_000, shared });
      let cleared = 0;
      for (let round = 0; round < 50; round++) {
        const blocks = BigUint64Array.from(
          { length: 10_000 },
          (_, i) => BigInt(round * 10_000 + i + 1) * 0x9e3779b97f4a7c15n,
        );
        index.store(`ns/pod-${round % 20}`, 'gpu', blocks);
        if (round !== 40) continue;
        cleared = index.blocksOf('ns/pod-19');
        index.clear('ns/pod-19');
      }
      expect([index.holders, index.refused]).toEqual([300_000, 0]);
      expect(index.evicted).toBe(200_000 - cleared);
    }
  });

  it('keeps within its bytes', () => {
    const maxBytes = 2 ** 20;
    const index = new PrefixIndex({ maxBytes, denseAbove: 4 });
    for (let round = 0; round < 60; round++) {
      const blocks = Array.from({ length: 1000 }, (_, i) => 1 + ((round * 700 + i) % 40_000));
      index.store(`ns/pod-${round % 20}`, 'gpu', keysOf(blocks));
      expect(index.bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(index.evicted).toBeGreaterThan(0);
    expect(index.blocks).toBeGreaterThan(10_000);
  });

  it('says what is wrong with what it is given', () => {
    expect(() => new PrefixIndex({ maxHolders: 0 })).toThrow('maxHolders is 0: give a whole number from 1');
    expect(() => new PrefixIndex({ maxBytes: -1 })).toThrow('maxBytes is -1: give a positive number');
    const index = new PrefixIndex();
    const checks = new Uint32Array(1);
    expect(() => index.store('ns/a', 'gpu', { keys: keysOf([1, 2]), checks })).toThrow(
      '1 check words for 2 keys',
    );
    expect(() => index.setWindowBlocks('ns/a', 1.5)).toThrow('windowBlocks of ns/a is 1.5');
    expect(() => index.handle()).toThrow('the index is not shared');
    expect(() => new PrefixIndexReader({ version: 0, columns: {} })).toThrow('has version 0');
    expect(() => new PrefixIndexReader(undefined as never)).toThrow('has version undefined');
    expect(() => new PrefixIndexReader({ version: ARENA_VERSION, columns: {} })).toThrow(
      'no shared column control',
    );
  });
});
