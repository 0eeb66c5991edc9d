import { describe, expect, it } from '@jest/globals';
import { generateRamp } from './index.js';

const ramp = {
  seed: 1,
  lowPerSecond: 2,
  peakPerSecond: 20,
  riseSeconds: 100,
  holdSeconds: 100,
  fallSeconds: 50,
};

describe('generateRamp', () => {
  const trace = generateRamp(ramp);
  const between = (from: number, to: number) =>
    trace.filter((r) => r.timestampMs >= from * 1000 && r.timestampMs < to * 1000).length;
  const near = (count: number, expected: number) =>
    expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected));

  it('climbs, stays and falls', () => {
    near(between(0, 20), 20 * 3.8);
    near(between(80, 100), 20 * 18.2);
    near(between(100, 200), 100 * 20);
    near(between(200, 250), 50 * 11);
    expect(trace.every((r, i) => i === 0 || r.timestampMs >= (trace[i - 1]?.timestampMs ?? 0))).toBe(true);
    expect(Math.max(...trace.map((r) => r.timestampMs))).toBeLessThan(250_000);
  });

  it('shares the system prompts of its groups and nothing else', () => {
    const uses = new Map<number, number>();
    for (const id of trace.flatMap((r) => [...r.hashIds])) uses.set(id, (uses.get(id) ?? 0) + 1);
    const shared = [...uses].filter(([, n]) => n > 1).map(([id]) => id);
    expect(shared.length).toBe(20 * 4);
    expect(trace.every((r) => r.hashIds.length === Math.ceil(r.inputLength / 512))).toBe(true);
  });

  it('depends on the seed and on nothing else', () => {
    expect(generateRamp(ramp)).toEqual(trace);
    expect(generateRamp({ ...ramp, seed: 2 })).not.toEqual(trace);
  });
});
