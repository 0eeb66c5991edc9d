import { LADDER, type Rung, rungName } from './ladder.js';
import { randomSource } from './random-source.js';
import type { Arrival, Workload } from './workload.js';

export interface UnsharedOptions {
  readonly seed: number;
  readonly rungs?: readonly Rung[];
  readonly promptTokens?: number;
  readonly outputTokens?: number;
  readonly blockSize?: number;
}

/** Workload Z: the ladder of W where no two prompts share anything, so that only balance matters. */
export function unsharedWorkload(options: UnsharedOptions): Workload {
  const { seed, rungs = LADDER, promptTokens = 7200, outputTokens = 1000, blockSize = 16 } = options;
  const random = randomSource(seed);
  const blocks = Math.floor(promptTokens / blockSize);
  let contentCount = 0;
  const stages = rungs.map((rung, index) => {
    const arrivals: Arrival[] = [];
    for (let atMs = random.exponential(1000 / rung.perSecond); atMs < rung.seconds * 1000; ) {
      const first = contentCount;
      const prompt = {
        tokens: promptTokens,
        blocks: Int32Array.from({ length: blocks }, (_, i) => first + i),
      };
      contentCount += blocks;
      arrivals.push({ atMs, prompt, outputTokens });
      atMs += random.exponential(1000 / rung.perSecond);
    }
    return { name: rungName(rung, index), arrivals };
  });
  return { name: 'Z', blockSize, contentCount, stages };
}
