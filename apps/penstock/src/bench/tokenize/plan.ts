import type { BenchOptions } from '../types.js';
import type { TokenizeCase } from './measure.js';

/** Fewer new tokens than these are no message of a chat. */
const MIN_NEW_TOKENS = 100;

const SIZES = {
  tiny: { lengths: [1_000, 4_000], shares: [0, 0.5, 0.9], budgetTokens: 12_000 },
  default: { lengths: [1_000, 10_000, 100_000], shares: [0, 0.5, 0.9, 0.99], budgetTokens: 700_000 },
  full: {
    lengths: [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000],
    shares: [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
    budgetTokens: 1_500_000,
  },
} as const;
const MIN_REPEATS = 3;
const MAX_REPEATS = 50;

/** Every length with every share of it that leaves a message; short prompts are repeated more often. */
export function planCases({ size }: Pick<BenchOptions, 'size'>): TokenizeCase[] {
  const { lengths, shares, budgetTokens } = SIZES[size];
  return lengths.flatMap((tokens) =>
    shares
      .filter((share) => Math.round((1 - share) * tokens) >= MIN_NEW_TOKENS)
      .map((share) => {
        const repeats = Math.round(budgetTokens / tokens);
        return { tokens, share, repeats: Math.min(MAX_REPEATS, Math.max(MIN_REPEATS, repeats)) };
      }),
  );
}
