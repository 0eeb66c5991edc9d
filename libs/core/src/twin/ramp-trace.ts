import { randomSource } from './random-source.js';
import { TRACE_BLOCK_TOKENS, type TraceRequest } from './session-trace.js';

export interface RampOptions {
  readonly seed: number;
  /** Rate at the start and at the end. */
  readonly lowPerSecond: number;
  readonly peakPerSecond: number;
  /** How long the rate climbs, stays and falls. */
  readonly riseSeconds: number;
  readonly holdSeconds: number;
  readonly fallSeconds: number;
  /** Mean prompt length, default 6,000; a third of it is a system prompt that a group shares. */
  readonly inputTokens?: number;
  /** Mean generated tokens, default 800. */
  readonly outputTokens?: number;
  /** Different system prompts, default 20. */
  readonly groups?: number;
}

/** Spread of the lengths: standard deviation of their logarithm. */
const SIGMA = 0.3;

/**
 * Load that climbs, stays and falls: a Poisson process whose rate is piecewise linear, drawn by thinning (Lewis and
 * Shedler 1979). Same options, same trace.
 */
export function generateRamp(options: RampOptions): TraceRequest[] {
  const { seed, peakPerSecond, riseSeconds, holdSeconds, fallSeconds } = options;
  const { inputTokens = 6000, outputTokens = 800, groups = 20 } = options;
  const random = randomSource(seed);
  const endSeconds = riseSeconds + holdSeconds + fallSeconds;
  const prefixBlocks = Math.max(1, Math.round(inputTokens / 3 / TRACE_BLOCK_TOKENS));
  const requests: TraceRequest[] = [];
  let nextId = groups * prefixBlocks;
  for (let at = 0; ; ) {
    at += random.exponential(1 / peakPerSecond);
    if (at >= endSeconds) return requests;
    if (random.uniform() * peakPerSecond >= rateAt(at, options)) continue;
    const group = random.index(groups);
    const inputLength = Math.max(1, Math.round(random.logNormal(inputTokens, SIGMA)));
    const hashIds = Array.from({ length: Math.ceil(inputLength / TRACE_BLOCK_TOKENS) }, (_, i) =>
      i < prefixBlocks ? group * prefixBlocks + i : nextId++,
    );
    const outputLength = Math.max(1, Math.round(random.logNormal(outputTokens, SIGMA)));
    requests.push({ timestampMs: Math.round(at * 1000), inputLength, outputLength, hashIds });
  }
}

/** Requests per second `at` seconds after the start. */
function rateAt(at: number, options: RampOptions): number {
  const { lowPerSecond, peakPerSecond, riseSeconds, holdSeconds, fallSeconds } = options;
  const climbed =
    at < riseSeconds
      ? at / riseSeconds
      : at < riseSeconds + holdSeconds
        ? 1
        : 1 - (at - riseSeconds - holdSeconds) / fallSeconds;
  return lowPerSecond + (peakPerSecond - lowPerSecond) * climbed;
}
