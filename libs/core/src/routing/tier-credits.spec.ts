import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { creditedTokens, DEFAULT_TIER_CREDITS } from './tier-credits.js';

const blocks = fc.integer({ min: 0, max: 100_000 });
const blockSize = fc.integer({ min: 1, max: 1024 });
const credit = fc.double({ min: 0, max: 1, noNaN: true });

describe('creditedTokens', () => {
  it('is the matched tokens where all are on the GPU', () => {
    fc.assert(
      fc.property(blocks, blockSize, (gpu, size) => {
        expect(creditedTokens([gpu, 0, 0, 0], size, DEFAULT_TIER_CREDITS)).toBe(gpu * size);
      }),
    );
  });

  it('is a whole number between the tokens on the GPU and all tokens, and grows with every block', () => {
    fc.assert(
      fc.property(
        fc.tuple(blocks, blocks, blocks, blocks),
        blockSize,
        fc.tuple(credit, credit, credit),
        (byTier, size, [cpu, ssd, s3]) => {
          const credits = { gpu: 1, cpu, ssd, s3 };
          const tokens = creditedTokens(byTier, size, credits);
          expect(Number.isSafeInteger(tokens)).toBe(true);
          expect(tokens).toBeGreaterThanOrEqual(byTier[0] * size);
          expect(tokens).toBeLessThanOrEqual(byTier.reduce((a, b) => a + b) * size);
          const more = byTier.map((count, tier) => (tier === 1 ? count + 1 : count));
          expect(creditedTokens(more, size, credits)).toBeGreaterThanOrEqual(tokens);
        },
      ),
    );
  });

  it('weighs tiers by their credit and rounds once', () => {
    expect(creditedTokens([2, 3, 1, 5], 16, DEFAULT_TIER_CREDITS)).toBe(
      Math.round(16 * (2 + 2.7 + 0.7 + 1.25)),
    );
    expect(creditedTokens([0, 0, 0, 2], 1, DEFAULT_TIER_CREDITS)).toBe(1);
    expect(creditedTokens([], 16, DEFAULT_TIER_CREDITS)).toBe(0);
  });
});
