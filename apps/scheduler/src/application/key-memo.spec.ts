import { describe, expect, it } from '@jest/globals';
import { namespaceRoot, promptBlocks } from '@penstock/core/kv';
import fc from 'fast-check';
import { KeyMemo } from './key-memo.js';

const rootOf = (blockSize: number, lora = '') => namespaceRoot({ model: 'm', blockSize, lora });

describe('KeyMemo', () => {
  it('gives the keys and check bits of the prompt, whatever came before', () => {
    const tokens = fc
      .array(fc.nat(3), { maxLength: 80 })
      .map((few) => few.flatMap((id) => new Array<number>(23).fill(id)));
    const request = fc.record({
      tokens,
      blockSize: fc.constantFrom(1, 16, 48, 1000),
      lora: fc.constantFrom('', 'a'),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
        const memo = new KeyMemo(20_000);
        for (const { tokens: ids, blockSize, lora } of requests) {
          const root = rootOf(blockSize, lora);
          expect(memo.keys(root, Uint32Array.from(ids), blockSize)).toEqual(
            promptBlocks(root, ids, blockSize),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('hashes a prefix once', () => {
    const memo = new KeyMemo();
    const prompt = Uint32Array.from({ length: 16_384 }, (_, i) => i % 997);
    memo.keys(rootOf(16), prompt, 16);
    expect(memo.counts).toEqual({ blocks: 1024, newBlocks: 1024 });
    const longer = Uint32Array.of(...prompt, ...prompt.subarray(0, 160));
    memo.keys(rootOf(16), longer, 16);
    expect(memo.counts).toEqual({ blocks: 2058, newBlocks: 1034 });
    memo.keys(rootOf(16, 'a'), longer, 16);
    expect(memo.counts.newBlocks).toBe(1034 + 1034);
  });
});
