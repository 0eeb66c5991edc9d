import type { DemandSample } from './pool-state.js';

/** A recommendation is made every second; a longer pause than this is a hole in what is known. */
const HOLE_MS = 15_000;
/** Samples closer together than this are merged. */
const GRAIN_MS = 200;

/** Adds a sample and forgets what is older than the window, except the one sample that shows it is covered. */
export function remember(
  samples: readonly DemandSample[],
  sample: DemandSample,
  windowMs: number,
): readonly DemandSample[] {
  const last = samples.at(-1);
  if (last && sample.atMs - last.atMs > HOLE_MS) return [sample];
  if (last && sample.atMs - last.atMs < GRAIN_MS && samples.length > 1) {
    const { atMs, tokens, measured } = last;
    const merged = {
      atMs,
      tokens: Math.max(tokens, sample.tokens),
      measured: measured && sample.measured,
    };
    return [...samples.slice(0, -1), merged];
  }
  const beginsMs = sample.atMs - windowMs;
  const firstInside = samples.findIndex((known) => known.atMs > beginsMs);
  const kept = firstInside < 0 ? samples.slice(-1) : samples.slice(Math.max(0, firstInside - 1));
  return [...kept, sample];
}

/** The most demand of the window, how far back it is known, and whether all of it was measured in the engines. */
export function windowDemand(
  samples: readonly DemandSample[],
  nowMs: number,
): { tokens: number; coveredMs: number; measured: boolean } {
  const first = samples[0];
  return {
    tokens: samples.reduce((most, sample) => Math.max(most, sample.tokens), 0),
    coveredMs: first ? nowMs - first.atMs : 0,
    measured: samples.every((sample) => sample.measured),
  };
}
