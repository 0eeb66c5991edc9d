import { describe, expect, it } from '@jest/globals';
import { indexBars } from './bars.js';
import { Fleet, PROMPT_BLOCKS } from './fleet.js';
import { indexBench } from './index.js';
import { PLANS } from './plan.js';

describe('bench index', () => {
  it('makes a fleet of which four blocks in five are on one engine only', () => {
    const fleet = new Fleet({ ...PLANS.tiny, engines: 40, blocksPerEngine: 5_000 }, 1);
    const holders = new Map<bigint, number>();
    for (const { keys } of fleet.engines)
      for (const key of keys) holders.set(key, (holders.get(key) ?? 0) + 1);
    const alone = [...holders.values()].filter((count) => count === 1).length;
    expect(alone / fleet.pairs).toBeCloseTo(0.8, 1);
    expect([...holders.values()].some((count) => count > 5)).toBe(true);
    for (const prompt of [fleet.conversation(), fleet.document()]) {
      expect(prompt.length).toBe(PROMPT_BLOCKS);
      expect([...prompt].every((key) => holders.has(key))).toBe(true);
    }
  });

  it('judges the arena on the whole fleet only, and Redis only where there is one', () => {
    const arena = {
      what: 'arena',
      engines: 1000,
      loadPairsPerSecond: 3e6,
      deltaOpsPerSecond: 3e6,
      lookupP99Us: 301,
      bytesPerPair: 48,
    };
    const ingest = { what: 'ingest', engines: 1, ingestOpsPerSecond: 300_000 };
    const holds = (plan: keyof typeof PLANS, redis: number[]) =>
      indexBars(
        arena,
        ingest,
        redis.map((bytesPerPair) => ({ what: 'redis', engines: 1, bytesPerPair })),
        PLANS[plan],
      ).map((bar) => bar.holds);
    expect(holds('default', [33])).toEqual([true, true, false, false, true, false]);
    expect(holds('tiny', [])).toEqual([true, 'not run', 'not run', 'not run', true, 'not run']);
  });

  it('at tiny size measures every way', async () => {
    const result = await indexBench.run({ size: 'tiny', seed: 1, progress: () => {} });
    const [arena, ingest, maps] = result.rows;
    expect([arena?.['index'], maps?.['index']]).toEqual(['arena', 'nested Maps']);
    for (const figure of ['load pairs/s', 'delta ops/s', 'lookup p50 µs', 'lookup p99 µs', 'bytes/pair']) {
      expect(arena?.[figure]).toBeGreaterThan(0);
      expect(maps?.[figure]).toBeGreaterThan(0);
    }
    expect(ingest?.['ingest ops/s']).toBeGreaterThan(0);
    const redis = result.rows.slice(3).map((line) => line['index']);
    expect(redis).toEqual(['Redis only, pipelined', 'our store in Redis']);
    expect(result.bars.filter((bar) => bar.portable && bar.holds === false)).toEqual([]);
  }, 60_000);
});
