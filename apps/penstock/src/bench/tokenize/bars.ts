import type { BenchBar } from '../types.js';
import type { LoopFigures } from './event-loop.js';
import type { TokenizeCase, TokenizeFigures } from './measure.js';

/** A case with what it came to. */
export interface Line {
  readonly of: TokenizeCase;
  readonly figures: TokenizeFigures;
}

const MIN_SHARE = 0.8;
const MAX_COLD = 1.1;
const MAX_BLOCK_MS = 10;

/** Times are this machine's; ids are the same on all. */
export function tokenizeBars(lines: readonly Line[], loop: LoopFigures | undefined): BenchBar[] {
  const shared = lines.filter(({ of }) => of.share > 0).map(({ figures }) => figures.share);
  const cold = lines.filter(({ of }) => of.share === 0).map(({ figures }) => 1 / figures.speedUp);
  const different = lines.reduce((sum, { figures }) => sum + figures.different, 0);
  const least = Math.min(...shared);
  const worst = Math.max(...cold);
  return [
    {
      name: 'shared prefixes: speed-up ÷ (total ÷ uncached tokens), least row',
      value: least,
      limit: `>= ${MIN_SHARE}`,
      holds: least >= MIN_SHARE,
      portable: false,
    },
    {
      name: 'nothing shared: time ÷ library, worst row',
      value: worst,
      limit: `<= ${MAX_COLD}`,
      holds: worst <= MAX_COLD,
      portable: false,
    },
    {
      name: 'prompts whose ids are not the library’s',
      value: different,
      limit: '0',
      holds: different === 0,
      portable: true,
    },
    {
      name: 'longest turn of the event loop while a thread tokenises a new prompt, ms',
      value: loop?.longestMs ?? null,
      limit: `<= ${MAX_BLOCK_MS}`,
      holds: loop ? loop.longestMs <= MAX_BLOCK_MS : 'not run',
      portable: false,
    },
  ];
}
