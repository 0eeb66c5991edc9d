import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PrefixIndex } from './prefix-index.js';
import { TIERS, type Tier } from './types.js';

const keys = (...values: number[]) => BigUint64Array.from(values.map((v) => BigInt(v) * 0x1_0000_0001n));
const ENGINES = ['a', 'b', 'c'];
const KEYS = 10;

const engine = fc.constantFrom(...ENGINES);
const tier = fc.constantFrom(...TIERS);
const some = fc.array(fc.integer({ min: 1, max: KEYS }), { maxLength: 6 });
const operation = fc.oneof(
  fc.record({ type: fc.constant('store' as const), engine, tier, some }),
  fc.record({ type: fc.constant('remove' as const), engine, tier, some }),
  fc.record({ type: fc.constant('clear' as const), engine }),
);

/** The obvious implementation: a set of `engine/key/tier`. */
class Model {
  readonly facts = new Set<string>();
  clear(id: string) {
    for (const fact of this.facts) if (fact.startsWith(`${id}/`)) this.facts.delete(fact);
  }
  bestTier(id: string, key: number) {
    return TIERS.findIndex((t) => this.facts.has(`${id}/${key}/${t}`));
  }
  match(id: string, prompt: number[]) {
    const byTier = TIERS.map(() => 0);
    for (const key of prompt) {
      const best = this.bestTier(id, key);
      if (best < 0) break;
      byTier[best] = (byTier[best] as number) + 1;
    }
    return { engineId: id, blocks: byTier.reduce((a, b) => a + b), byTier };
  }
}

describe('PrefixIndex', () => {
  it('equals a brute-force model after any operations', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 80 }),
        fc.array(some, { maxLength: 5 }),
        (operations, prompts) => {
          const index = new PrefixIndex();
          const model = new Model();
          for (const op of operations) {
            if (op.type === 'clear') {
              index.clear(op.engine);
              model.clear(op.engine);
              continue;
            }
            index[op.type](op.engine, op.tier, keys(...op.some));
            for (const key of op.some) {
              const fact = `${op.engine}/${key}/${op.tier}`;
              if (op.type === 'store') model.facts.add(fact);
              else model.facts.delete(fact);
            }
          }
          for (const prompt of prompts) {
            const unique = [...new Set(prompt)];
            expect(index.match(keys(...unique), ENGINES)).toEqual(
              ENGINES.map((id) => model.match(id, unique)),
            );
            const holding = ENGINES.map((id) => model.match(id, unique)).filter((m) => m.blocks > 0);
            expect(index.match(keys(...unique)).sort(byEngine)).toEqual(holding);
          }
          for (const id of ENGINES) {
            for (const t of TIERS) {
              const held = [...model.facts].filter((f) => f.startsWith(`${id}/`) && f.endsWith(`/${t}`));
              const expected = keys(...held.map((f) => Number(f.split('/')[1])));
              expect([...index.keysOf(id, t)].sort()).toEqual([...expected].sort());
            }
          }
          for (let key = 1; key <= KEYS; key++) {
            const holders = index.holdersOf(keys(key)[0] as bigint).map((h) => h.engineId);
            expect(holders.sort()).toEqual(ENGINES.filter((id) => model.bestTier(id, key) >= 0));
          }
          while (index.sweep(3) > 0);
          const pairs = new Set([...model.facts].map((f) => f.split('/').slice(0, 2).join('/')));
          expect(index.holders).toBe(pairs.size);
          expect(index.blocks).toBe(new Set([...pairs].map((p) => p.split('/')[1])).size);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('forgets an engine at once and gives its memory back', () => {
    const index = new PrefixIndex();
    const many = BigUint64Array.from({ length: 10_000 }, (_, i) => BigInt(i) * 7919n);
    index.store('a', 'gpu', many);
    index.store('b', 'gpu', many);
    index.clear('a');
    expect(index.match(many, ['a', 'b']).map((m) => m.blocks)).toEqual([0, 10_000]);
    expect(index.blocksOf('a')).toBe(0);
    for (let i = 0; i < 200; i++) index.store('c', 'gpu', keys(1));
    expect(index.holders).toBe(10_001);
  });

  it('gives up the coldest blocks for what does not fit, counts them, and uses room of fenced engines first', () => {
    const index = new PrefixIndex({ maxHolders: 3 });
    expect(index.store('a', 'gpu', keys(1, 2, 3, 4))).toBe(0);
    expect([index.evicted, index.refused, index.holders]).toEqual([1, 0, 3]);
    expect(index.blocksOf('a')).toBe(3);
    expect(index.store('a', 'cpu', keys(4))).toBe(0);
    index.clear('a');
    expect(index.store('b', 'gpu', keys(5, 6, 7))).toBe(0);
    expect(index.match(keys(5, 6, 7), ['b'])[0]?.blocks).toBe(3);
    expect(index.evicted).toBe(1);
    index.remove('a', 'gpu', keys(1, 2, 3));
    expect(index.holders).toBe(3);
  });

  it('does not see a block behind a hole', () => {
    const index = new PrefixIndex();
    index.store('a', 'gpu', keys(1, 3));
    index.store('a', 's3' satisfies Tier, keys(3));
    expect(index.match(keys(1, 2, 3))).toEqual([{ engineId: 'a', blocks: 1, byTier: [1, 0, 0, 0] }]);
    expect(index.match(keys(2))).toEqual([]);
    expect(index.match(new BigUint64Array(0))).toEqual([]);
  });
});

function byEngine(a: { engineId: string }, b: { engineId: string }): number {
  return a.engineId < b.engineId ? -1 : 1;
}
