import type { Bench, BenchOptions, BenchResult } from '../types.js';
import { type Line, tokenizeBars } from './bars.js';
import { measureEventLoop } from './event-loop.js';
import { Comparison } from './measure.js';
import { planCases } from './plan.js';

/** Chat prompts into tokens: ours, which remembers beginnings, against the library on the whole prompt. */
export const tokenizeBench: Bench = {
  name: 'tokenize',
  summary: 'Chat prompts into tokens: ours, which remembers prefixes, against the library on whole prompts',
  run,
};

async function run(options: BenchOptions): Promise<BenchResult> {
  const { size, seed, progress } = options;
  const cases = planCases(options);
  const longest = Math.max(...cases.map(({ tokens }) => tokens));
  progress('tokenize: warming up');
  const comparison = await Comparison.start(seed, Math.min(longest, 10_000));
  const lines: Line[] = cases.map((of, i) => {
    progress(`tokenize: ${i + 1} of ${cases.length}: ${of.tokens} tokens, ${of.share} shared`);
    return { of, figures: comparison.run(of) };
  });
  progress('tokenize: event loop');
  const loop = await measureEventLoop(comparison, longest, size === 'tiny' ? 3 : 9);
  return {
    bench: 'tokenize',
    params: { tokenizer: 'built-in, 6,144 tokens, byte-level BPE', seed },
    rows: [
      ...lines.map(row),
      ...(loop
        ? [
            {
              case: 'by a thread, event loop',
              tokens: loop.tokens,
              'new tokens': loop.tokens,
              'ours ms': round(loop.totalMs),
              'longest turn ms': round(loop.longestMs),
            },
          ]
        : []),
    ],
    bars: tokenizeBars(lines, loop),
    notes: [
      'Both sides render the chat template. Times are lower quartiles of the prompts of a row, so that what else the machine does hardly counts.',
      'Every prompt is new; its words are mostly known to both sides, which each remember words. New tokens: behind the longest common beginning with the prompt before.',
      'Event loop: processor time of its longest turn while a thread encodes, and the time until the ids are there; without compiled sources it is not measured.',
    ],
  };
}

function row({ of, figures }: Line): BenchResult['rows'][number] {
  const { tokens, newTokens, libraryMs, oursMs, speedUp, share, different } = figures;
  return {
    case: of.share === 0 ? 'nothing shared' : `${of.share * 100} % shared`,
    tokens: Math.round(tokens),
    'new tokens': Math.round(newTokens),
    'library ms': round(libraryMs),
    'ours ms': round(oursMs),
    'speed-up': round(speedUp),
    'total ÷ new': round(tokens / newTokens),
    ratio: round(share),
    'other ids': different,
  };
}

const round = (value: number): number => Number(value.toPrecision(3));
