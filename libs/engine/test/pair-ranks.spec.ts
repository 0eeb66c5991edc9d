import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PairRanks } from '../src/tokenizer/pair-ranks.js';

const id = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 0x7f_ffff }));

describe('PairRanks', () => {
  it('knows what a Map of pairs knows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ left: id, right: id, rank: fc.nat(), becomes: id }), { maxLength: 60 }),
        fc.array(fc.tuple(id, id), { maxLength: 20 }),
        (pairs, others) => {
          const ranks = new PairRanks(pairs.length);
          const expected = new Map<string, { rank: number; becomes: number }>();
          for (const { left, right, rank, becomes } of pairs) {
            ranks.set(left, right, rank, becomes);
            expected.set(`${left} ${right}`, { rank, becomes });
          }
          for (const [left, right] of [...pairs.map((p) => [p.left, p.right] as const), ...others]) {
            const known = expected.get(`${left} ${right}`);
            expect(ranks.rank(left, right)).toBe(known?.rank ?? Number.POSITIVE_INFINITY);
            if (known) expect(ranks.id(left, right)).toBe(known.becomes);
          }
        },
      ),
    );
  });
});
