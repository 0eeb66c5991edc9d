import { BUILT_IN_TOKENIZER_DIR, TokenizerWorkers, tokenizerSource } from '@penstock/engine';
import { lowerQuartile } from './lower-quartile.js';
import type { Comparison } from './measure.js';

const TIMEOUT_MS = 60_000;

/** How long the event loop was held up while prompts were tokenised. */
export interface LoopFigures {
  readonly tokens: number;
  /** Processor time of the longest turn of the event loop for each prompt; lower quartile of the prompts. */
  readonly longestMs: number;
  /** Until the ids were there, likewise. */
  readonly totalMs: number;
}

/**
 * Tokenises new prompts with a thread, as the scheduler does, and measures the turns of the event loop.
 *
 * @returns undefined where threads have no module to run, from sources that were not compiled, and before Node 23.9, which
 * does not tell the processor time of one thread
 */
export async function measureEventLoop(
  comparison: Comparison,
  tokens: number,
  repeats: number,
): Promise<LoopFigures | undefined> {
  if (!TokenizerWorkers.available || !('threadCpuUsage' in process)) return undefined;
  const { tokenizer } = comparison;
  const source = await tokenizerSource(BUILT_IN_TOKENIZER_DIR);
  const workers = new TokenizerWorkers();
  const gaps: number[] = [];
  const totals: number[] = [];
  try {
    for (let i = 0; i <= repeats; i++) {
      const text = tokenizer.applyChatTemplate(comparison.chat(tokens));
      const watch = watchLoop();
      const startedAtMs = performance.now();
      const plan = tokenizer.plan(text, { addSpecialTokens: false });
      plan.finish(await workers.encode(source, plan.newParts, { timeoutMs: TIMEOUT_MS }));
      // The first one loads the thread's tokenizer.
      if (i > 0) totals.push(performance.now() - startedAtMs);
      const longest = await watch.stop();
      if (i > 0) gaps.push(longest);
    }
  } finally {
    await workers.close();
  }
  return { tokens, longestMs: lowerQuartile(gaps), totalMs: lowerQuartile(totals) };
}

function watchLoop(): { stop(): Promise<number> } {
  let longest = 0;
  let lastMs = threadMs();
  let running = true;
  const turn = () => {
    const nowMs = threadMs();
    longest = Math.max(longest, nowMs - lastMs);
    lastMs = nowMs;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () =>
      new Promise((resolve) => {
        running = false;
        setImmediate(() => setImmediate(() => resolve(longest)));
      }),
  };
}

/** Processor time of this thread: a turn is not longer because something else runs on the machine. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
