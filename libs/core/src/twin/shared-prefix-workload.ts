import { LADDER, type Rung, rungName } from './ladder.js';
import { randomSource } from './random-source.js';
import type { Arrival, Prompt, Workload } from './workload.js';

export interface SharedPrefixOptions {
  readonly seed: number;
  readonly rungs?: readonly Rung[];
  readonly groups?: number;
  readonly promptsPerGroup?: number;
  /** Whole blocks. */
  readonly prefixTokens?: number;
  readonly questionTokens?: number;
  readonly outputTokens?: number;
  readonly blockSize?: number;
}

/**
 * Workload W: llm-d's "73 % capacity" benchmark. Groups of prompts share a long prefix; all distinct prompts are
 * shuffled once and then sent over and over, as inference-perf's shared-prefix generator does.
 */
export function sharedPrefixWorkload(options: SharedPrefixOptions): Workload {
  const { seed, rungs = LADDER, groups = 150, promptsPerGroup = 5, blockSize = 16 } = options;
  const { prefixTokens = 6000, questionTokens = 1200, outputTokens = 1000 } = options;
  const random = randomSource(seed);
  const prefixBlocks = Math.floor(prefixTokens / blockSize);
  const tokens = prefixTokens + questionTokens;
  const blocks = Math.floor(tokens / blockSize);
  let contentCount = groups * prefixBlocks;
  const prompts: Prompt[] = [];
  for (let group = 0; group < groups; group++) {
    for (let p = 0; p < promptsPerGroup; p++) {
      const own = contentCount - prefixBlocks;
      prompts.push({
        tokens,
        blocks: Int32Array.from(
          { length: blocks },
          (_, i) => (i < prefixBlocks ? group * prefixBlocks : own) + i,
        ),
      });
      contentCount += blocks - prefixBlocks;
    }
  }
  random.shuffle(prompts);
  let next = 0;
  const stages = rungs.map((rung, index) => {
    const arrivals: Arrival[] = [];
    for (let atMs = random.exponential(1000 / rung.perSecond); atMs < rung.seconds * 1000; ) {
      arrivals.push({ atMs, prompt: prompts[next++ % prompts.length]!, outputTokens });
      atMs += random.exponential(1000 / rung.perSecond);
    }
    return { name: rungName(rung, index), arrivals };
  });
  return { name: 'W', blockSize, contentCount, stages };
}
