import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isStorageHolder, nodeHolder, objectStoreHolder, poolOfHolder } from './holders.js';
import { PrefixIndex } from './prefix-index.js';
import { type EngineHolders, TIERS, type Tier } from './types.js';

const key = (value: number) => BigInt(value) * 0x1_0000_0001n;
const keys = (...values: number[]) => BigUint64Array.from(values.map(key));
const KEYS = 12;
const PROMPT = Array.from({ length: KEYS }, (_, i) => i + 1);
const NODES = [nodeHolder('ns', 'p', 'n1'), nodeHolder('ns', 'p', 'n2')];
const S3 = objectStoreHolder('ns', 'p');
const FIRST_NODE = [NODES[0] as string, S3];
/** Two of one node with one array, a third with an array of its own. */
const ENGINES: EngineHolders[] = [
  { engineId: 'ns/a', holders: FIRST_NODE },
  { engineId: 'ns/b', holders: FIRST_NODE },
  { engineId: 'ns/f', holders: [...FIRST_NODE] },
  { engineId: 'ns/c', holders: [NODES[1] as string, S3] },
  { engineId: 'ns/d', holders: [S3] },
  { engineId: 'ns/e', holders: [] },
];

const holder = fc.constantFrom(...ENGINES.map((e) => e.engineId), ...NODES, S3);
const tier = fc.constantFrom(...TIERS);
/** Mostly runs, as engines and chunks store them. */
const some = fc
  .tuple(fc.integer({ min: 1, max: KEYS }), fc.integer({ min: 1, max: 8 }))
  .map(([from, length]) => PROMPT.slice(from - 1, from - 1 + length));
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('store' as const), holder, tier, some }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('remove' as const), holder, tier, some }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const), holder }) },
);

/** A set of facts, and the definition of a tiered match read off it. */
class Model {
  private readonly facts = new Set<string>();

  apply(op: { type: string; holder: string; tier?: Tier; some?: number[] }): void {
    if (op.type === 'clear')
      for (const fact of this.facts) if (fact.startsWith(`${op.holder}|`)) this.facts.delete(fact);
    for (const value of op.some ?? []) {
      const fact = `${op.holder}|${value}|${op.tier}`;
      if (op.type === 'store') this.facts.add(fact);
      else this.facts.delete(fact);
    }
  }

  best(holders: readonly string[], value: number): number {
    return TIERS.findIndex((t) => holders.some((h) => this.facts.has(`${h}|${value}|${t}`)));
  }

  match({ engineId, holders }: EngineHolders, prompt: number[]) {
    const byTier = TIERS.map(() => 0);
    let at = 0;
    const take = (from: readonly string[]) => {
      for (; at < prompt.length; at++) {
        const best = this.best(from, prompt[at] as number);
        if (best < 0) break;
        byTier[best] = (byTier[best] as number) + 1;
      }
    };
    take([engineId]);
    const ownBlocks = at;
    take(holders);
    return { engineId, blocks: at, byTier, ownBlocks };
  }

  behind(from: number, holders: readonly string[], prompt: number[], limit: number) {
    const found: Array<{ tier: Tier; keys: bigint[] }> = TIERS.map((t) => ({ tier: t, keys: [] }));
    for (let at = from; at < prompt.length && at < from + limit; at++) {
      const best = this.best(holders, prompt[at] as number);
      if (best < 0) break;
      found[best]?.keys.push(key(prompt[at] as number));
    }
    return found.filter((load) => load.keys.length > 0);
  }
}

describe('PrefixIndex with storage', () => {
  it('equals a brute-force model after any operations', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.array(some, { maxLength: 3 }),
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom(1, 3, undefined),
        (operations, prompts, limit, denseAbove) => {
          const index = new PrefixIndex({ denseAbove });
          const model = new Model();
          for (const op of operations) {
            model.apply(op);
            if (op.type === 'clear') index.clear(op.holder);
            else index[op.type](op.holder, op.tier, keys(...op.some));
          }
          for (const prompt of [PROMPT, ...prompts]) {
            const expected = ENGINES.map((engine) => model.match(engine, prompt));
            expect(index.matchTiered(keys(...prompt), ENGINES)).toEqual(expected);
            for (const [e, { ownBlocks, byTier }] of expected.entries()) {
              const { holders } = ENGINES[e] as EngineHolders;
              const found = index.storedBehind(keys(...prompt), ownBlocks, holders, limit);
              const plain = found.map((load) => ({ tier: load.tier, keys: [...load.keys] }));
              expect(plain).toEqual(model.behind(ownBlocks, holders, prompt, limit));
              const all = index.storedBehind(keys(...prompt), ownBlocks, holders, KEYS);
              const loaded = all.reduce((sum, load) => sum + load.keys.length, ownBlocks);
              expect(loaded).toBe(byTier.reduce((a, b) => a + b));
            }
            // Engines alone are what they are without storage.
            for (const own of index.match(keys(...prompt))) expect(isStorageHolder(own.engineId)).toBe(false);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('goes on behind the own prefix over several tiers, and not over a hole', () => {
    const index = new PrefixIndex();
    const [n1 = ''] = NODES;
    index.store('ns/a', 'gpu', keys(1, 2, 7));
    index.store(n1, 'ssd', keys(1, 2, 3, 4));
    index.store(n1, 'cpu', keys(4));
    index.store(S3, 's3', keys(1, 2, 3, 4, 5, 7, 8));
    expect(index.matchTiered(keys(...PROMPT), ENGINES.slice(0, 1))).toEqual([
      { engineId: 'ns/a', blocks: 5, byTier: [2, 1, 1, 1], ownBlocks: 2 },
    ]);
    expect(index.storedBehind(keys(...PROMPT), 2, [n1, S3], 100)).toEqual([
      { tier: 'cpu', keys: keys(4) },
      { tier: 'ssd', keys: keys(3) },
      { tier: 's3', keys: keys(5) },
    ]);
    expect(index.storageHolders).toBe(2);
    index.clear(S3);
    index.clear(n1);
    expect(index.storageHolders).toBe(0);
    expect(index.matchTiered(keys(1, 2), ENGINES.slice(0, 1))[0]?.blocks).toBe(2);
  });

  it('frees blocks that only storage had, and keeps those that an engine still has', () => {
    const index = new PrefixIndex();
    const [n1 = ''] = NODES;
    index.store('ns/a', 'gpu', keys(1));
    index.store(n1, 'cpu', keys(1, 2));
    index.remove(n1, 'cpu', keys(1, 2));
    expect([index.blocks, index.holders]).toEqual([1, 1]);
    index.store(n1, 'cpu', keys(1, 3));
    index.clear('ns/a');
    index.sweep(10);
    expect([index.blocks, index.holders]).toEqual([2, 2]);
    expect(index.holdersOf(key(1))).toEqual([{ engineId: n1, tierBits: 2 }]);
  });
});

describe('names of storage', () => {
  it('tell their pool', () => {
    expect(poolOfHolder(NODES[0] as string)).toEqual({ namespace: 'ns', pool: 'p' });
    expect(poolOfHolder(S3)).toEqual({ namespace: 'ns', pool: 'p' });
    for (const other of ['ns/engine', '@', '@ns', '@ns/p', '@/p/s3'])
      expect(poolOfHolder(other)).toBeUndefined();
  });
});
