import { describe, expect, it } from '@jest/globals';
import { loadTokenizer } from '@penstock/engine';
import { tokenizeBars } from './bars.js';
import { tokenizeBench } from './index.js';
import type { TokenizeFigures } from './measure.js';
import { planCases } from './plan.js';
import { PromptWriter } from './prompt-writer.js';

const figures = (facts: Partial<TokenizeFigures> = {}): TokenizeFigures => ({
  ...{ tokens: 100, newTokens: 10, libraryMs: 1, oursMs: 0.1, speedUp: 10, share: 1, different: 0 },
  ...facts,
});
const line = (share: number, facts?: Partial<TokenizeFigures>) => ({
  of: { tokens: 100, share, repeats: 1 },
  figures: figures(facts),
});

describe('bench tokenize', () => {
  it('runs, and its ids are the library’s', async () => {
    const { bars, rows } = await tokenizeBench.run({ size: 'tiny', seed: 1, progress: () => {} });
    expect(rows.length).toBeGreaterThanOrEqual(6);
    for (const row of rows.filter(({ case: name }) => `${name}`.endsWith('shared'))) {
      expect(row).toMatchObject({ 'other ids': 0 });
      if (row['case'] === '90 % shared') expect(row['total ÷ new']).toBeGreaterThan(7);
    }
    expect(bars.filter(({ portable }) => portable)).toEqual([
      expect.objectContaining({ value: 0, holds: true }),
    ]);
  });

  it('covers 1k to 100k tokens', () => {
    const cases = planCases({ size: 'default' });
    expect(Math.min(...cases.map(({ tokens }) => tokens))).toBe(1_000);
    expect(Math.max(...cases.map(({ tokens }) => tokens))).toBe(100_000);
    expect(cases.every(({ tokens, share }) => tokens * (1 - share) > 99)).toBe(true);
  });

  it('says when a bar does not hold', () => {
    const holds = (lines: Parameters<typeof tokenizeBars>[0], stopMs = 1) =>
      tokenizeBars(lines, { tokens: 1, totalMs: 1, longestMs: stopMs }).map((bar) => bar.holds);
    expect(holds([line(0), line(0.5)])).toEqual([true, true, true, true]);
    expect(holds([line(0), line(0.5), line(0.9, { share: 0.79 })])).toEqual([false, true, true, true]);
    expect(holds([line(0, { speedUp: 0.9 }), line(0.5)])).toEqual([true, false, true, true]);
    expect(holds([line(0), line(0.5, { different: 1 })], 11)).toEqual([true, true, false, false]);
    expect(tokenizeBars([line(0), line(0.5)], undefined).map((bar) => bar.holds)).toEqual([
      true,
      true,
      true,
      'not run',
    ]);
  });
});

describe('PromptWriter', () => {
  it('writes chats of the length asked for, and branches that share a beginning', async () => {
    const tokenizer = await loadTokenizer();
    const writer = new PromptWriter(tokenizer, 1);
    const chat = writer.chat(3_000);
    const ids = tokenizer.encodeChat(chat);
    expect(Math.abs(ids.length - 3_000)).toBeLessThan(200);
    const branch = tokenizer.encodeChat(writer.branch(chat, 3_000, 0.5));
    const common = branch.findIndex((id, i) => id !== ids[i]);
    expect(common / ids.length).toBeGreaterThan(0.45);
    expect(common / ids.length).toBeLessThan(0.55);
    expect(Math.abs(branch.length - 3_000)).toBeLessThan(300);
    expect(new PromptWriter(tokenizer, 1).chat(3_000)).toEqual(chat);
  });
});
