import { randomSource } from './random-source.js';

/** One request in the shape of the Mooncake traces: equal hash ids are the same 512-token block after the same prefix. */
export interface TraceRequest {
  readonly timestampMs: number;
  readonly inputLength: number;
  readonly outputLength: number;
  /** ceil(inputLength ÷ 512) ids; the last may stand for a part of a block. */
  readonly hashIds: readonly number[];
}

/** Tokens that one hash id stands for. */
export const TRACE_BLOCK_TOKENS = 512;

export interface SessionOptions {
  readonly seed: number;
  readonly requests: number;
  /** Mean rate over all sessions, default 4. */
  readonly requestsPerSecond?: number;
  /** Different system prompts, default 20; popularity falls as 1 ÷ rank. */
  readonly groups?: number;
  /** Mean length of a system prompt, default 3,072. */
  readonly prefixTokens?: number;
  /** Mean turns of a session, default 4. */
  readonly turns?: number;
  /** Mean new tokens of a turn, default 600. */
  readonly turnTokens?: number;
  /** Mean generated tokens, default 250. */
  readonly outputTokens?: number;
  /** Mean pause between an answer and the next turn, default 20,000. */
  readonly thinkMs?: number;
  /** A session ends before its prompt would exceed this, default 100,000. */
  readonly maxInputTokens?: number;
}

interface Draft {
  readonly timestampMs: number;
  readonly inputLength: number;
  readonly outputLength: number;
  readonly blockNames: readonly string[];
}

/**
 * The project's own trace: sessions arrive as a Poisson process, start from the system prompt of a group, and every
 * turn repeats the conversation so far. Same options, same trace.
 */
export function generateSessions(options: SessionOptions): TraceRequest[] {
  const { seed, requests, requestsPerSecond = 4, groups = 20, prefixTokens = 3072, turns = 4 } = options;
  const { turnTokens = 600, outputTokens = 250, thinkMs = 20_000, maxInputTokens = 100_000 } = options;
  const random = randomSource(seed);
  const length = (mean: number) => Math.max(1, Math.round(random.logNormal(mean, 0.8)));
  const prefixes = Array.from({ length: groups }, () => length(prefixTokens));
  const weights = prefixes.map((_, rank) => 1 / (rank + 1));
  const totalWeight = weights.reduce((sum, w) => sum + w, 0);
  const drawGroup = (): number => {
    let left = random.uniform() * totalWeight;
    const group = weights.findIndex((w) => {
      left -= w;
      return left < 0;
    });
    return group === -1 ? groups - 1 : group;
  };

  const drafts: Draft[] = [];
  let startMs = 0;
  // Requests beyond the asked number are drawn because late turns of early sessions come after them.
  for (let session = 0; drafts.length < requests * 1.5 + 10; session++) {
    startMs += random.exponential((1000 / requestsPerSecond) * turns);
    const group = drawGroup();
    let inputLength = prefixes[group]!;
    let timestampMs = startMs;
    do {
      inputLength += length(turnTokens);
      if (inputLength > maxInputTokens) break;
      const outputLength = length(outputTokens);
      const turn = drafts.length;
      const blockNames = Array.from({ length: Math.ceil(inputLength / TRACE_BLOCK_TOKENS) }, (_, i) => {
        const end = (i + 1) * TRACE_BLOCK_TOKENS;
        if (end <= prefixes[group]!) return `g${group}/${i}`;
        return end <= inputLength ? `s${session}/${i}` : `t${turn}`;
      });
      drafts.push({ timestampMs: Math.round(timestampMs), inputLength, outputLength, blockNames });
      inputLength += outputLength;
      timestampMs += random.exponential(thinkMs) + outputLength * 20;
    } while (random.uniform() >= 1 / turns);
  }

  const ids = new Map<string, number>();
  const idOf = (name: string): number => {
    let id = ids.get(name);
    if (id === undefined) {
      id = ids.size;
      ids.set(name, id);
    }
    return id;
  };
  return drafts
    .map((draft, order) => ({ draft, order }))
    .sort((a, b) => a.draft.timestampMs - b.draft.timestampMs || a.order - b.order)
    .slice(0, requests)
    .map(({ draft: { blockNames, ...rest } }) => ({ ...rest, hashIds: blockNames.map(idOf) }));
}
