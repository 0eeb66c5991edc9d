import { describe, expect, it } from '@jest/globals';
import {
  blockKeys,
  namespaceRoot,
  nodeHolder,
  PrefixIndex,
  promptBlocks,
  promptExtras,
} from '@penstock/core/kv';
import fc from 'fast-check';
import { knownEngine } from '../../test/known-engine.js';
import { scoreEndpoints } from './score-endpoints.js';

const ANY = { poolNamespace: '', pool: '' };
const counting = (length: number) => Array.from({ length }, (_, i) => i + 1);
const prompt = (tokenIds: number[]) => ({
  model: 'm',
  tenant: '',
  lora: '',
  cacheSalt: '',
  tokenIds,
  blockSize: 0,
});
const keysOf = (tokens: number[], blockSize: number) =>
  blockKeys(namespaceRoot({ model: 'm', blockSize }).key, tokens, blockSize);

describe('scoreEndpoints', () => {
  it('counts tokens, each engine in blocks of its own size', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ blockSize: fc.integer({ min: 1, max: 5 }), held: fc.nat(20), hole: fc.nat(20) }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.nat(24),
        (specs, length) => {
          const index = new PrefixIndex();
          const tokens = counting(length);
          const engines = specs.map(({ blockSize, held, hole }, i) => {
            const engine = knownEngine(`e${i}`, { ip: `10.0.0.${i + 1}`, blockSize });
            const keys = keysOf(tokens, blockSize).filter((_, block) => block < held && block !== hole);
            index.store(engine.engineId, 'gpu', keys);
            return engine;
          });
          const expected = specs.map(
            ({ blockSize, held, hole }) => Math.min(held, hole, Math.floor(length / blockSize)) * blockSize,
          );
          const scores = scoreEndpoints(index, engines, ANY, prompt(tokens));
          expect(scores.endpoints.map((e) => e.matchedTokens)).toEqual(expected);
          expect(scores.endpoints.map((e) => e.blockSize)).toEqual(specs.map((s) => s.blockSize));
          expect(scores.promptTokens).toBe(length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives an endpoint of several ranks the best one, and tells of each', () => {
    const index = new PrefixIndex();
    const ranks = [0, 1, 2].map((rank) => knownEngine('a', { rank, ip: '10.0.0.1' }));
    const other = knownEngine('b', { ip: '10.0.0.2' });
    const keys = keysOf(counting(8), 2);
    index.store('ns/a', 'gpu', keys.subarray(0, 1));
    index.store('ns/a#1', 'cpu', keys.subarray(0, 3));
    index.store('ns/a#2', 'gpu', keys.subarray(0, 3));
    const { endpoints } = scoreEndpoints(index, [...ranks, other], ANY, prompt(counting(8)));
    expect(endpoints).toEqual([
      {
        engineId: 'ns/a#1',
        address: '10.0.0.1:8000',
        matchedTokens: 6,
        byTier: [{ tier: 'cpu', tokens: 6 }],
        rank: 1,
        byRank: [
          { rank: 0, matchedTokens: 2 },
          { rank: 1, matchedTokens: 6 },
          { rank: 2, matchedTokens: 6 },
        ],
        blockSize: 2,
      },
      {
        engineId: 'ns/b',
        address: '10.0.0.2:8000',
        matchedTokens: 0,
        byTier: [],
        rank: 0,
        byRank: [],
        blockSize: 2,
      },
    ]);
  });

  it('finds the blocks of multimodal items only with the items', () => {
    const index = new PrefixIndex();
    const engine = knownEngine('a');
    const items = [{ identifier: 'img', offset: 1, length: 2 }];
    const root = namespaceRoot({ model: 'm', blockSize: 2 });
    const { keys } = promptBlocks(root, counting(6), 2, root, promptExtras(items, 6, 2));
    index.store('ns/a', 'gpu', keys);
    const matched = (query: object) =>
      scoreEndpoints(index, [engine], ANY, { ...prompt(counting(6)), ...query }).endpoints[0]?.matchedTokens;
    expect(matched({ items })).toBe(6);
    expect(matched({})).toBe(0);
    expect(matched({ items: [{ identifier: 'img', offset: 3, length: 2 }] })).toBe(0);
  });

  it('goes on in storage behind what the engine holds', () => {
    const index = new PrefixIndex();
    const engine = knownEngine('a');
    const onNode = { ...engine, endpoint: { ...engine.endpoint, nodeName: 'n' } };
    const keys = keysOf(counting(6), 2);
    index.store('ns/a', 'gpu', keys.subarray(0, 1));
    index.store(nodeHolder('ns', 'pool', 'n'), 'ssd', keys);
    const [score] = scoreEndpoints(index, [onNode], ANY, prompt(counting(6))).endpoints;
    expect(score?.byTier).toEqual([
      { tier: 'gpu', tokens: 2 },
      { tier: 'ssd', tokens: 4 },
    ]);
  });

  it('takes no keys for an engine whose block size is not known yet', () => {
    const engine = knownEngine('a', { blockSize: 0 });
    const { endpoints, blockSize } = scoreEndpoints(new PrefixIndex(), [engine], ANY, prompt([1, 2]));
    expect([endpoints[0]?.matchedTokens, blockSize]).toEqual([0, 0]);
  });
});
