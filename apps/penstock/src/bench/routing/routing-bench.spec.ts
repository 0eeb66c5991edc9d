import { describe, expect, it } from '@jest/globals';
import { routingBench } from './index.js';
import type { RoutingFigures } from './job.js';
import { PLANS, planJobs, sweepJobs } from './plan.js';
import { workloadName } from './rows.js';
import { bestVariant, contender, variantsOf } from './sweep.js';

describe('bench routing', () => {
  it('plans five paired seeds and both tunings at default size, and everything at full', () => {
    const options = { size: 'default' as const, trace: undefined, seed: 1, progress: () => {} };
    const tuned = [contender('3-2-2', 'best of sweep: x')];
    const w = planJobs(PLANS.default, options, tuned).filter((job) => job.workload.kind === 'W');
    const ofPolicy = (policy: string, tuning: string) =>
      w
        .filter((job) => job.contender.policy === policy && job.contender.tuning === tuning)
        .map((job) => job.seed);
    expect(ofPolicy('round-robin', 'default')).toEqual([1, 2, 3, 4, 5]);
    expect(ofPolicy('3-2-2', 'default')).toEqual([1, 2, 3, 4, 5]);
    expect(ofPolicy('3-2-2', 'best of sweep: x')).toEqual([1, 2, 3, 4, 5]);
    const full = planJobs(PLANS.full, { ...options, trace: 't.jsonl' }, []);
    expect(new Set(full.map(workloadName))).toEqual(
      new Set(['W', ...[8, 12].flatMap((e) => [0.75, 1, 1.25].map((r) => `M t ${r}× on ${e}`)), 'Z']),
    );
    for (const job of sweepJobs(options, variantsOf('3-2-2'))) expect(job.seed).toBeGreaterThan(1000);
  });

  it('chooses the tuning with the most output, and within 1 % the shorter wait', () => {
    const figures = (bestOutputTokensPerSecond: number, p90: number): RoutingFigures => ({
      bestOutputTokensPerSecond,
      ttftMs: { p50: 1, p90, p99: 1 },
      itlMs: { p50: 1, p90: 1 },
      hitRatio: 0,
      preemptions: 0,
      largestShare: 0,
    });
    const variants = [contender('a'), contender('a', 'b'), contender('a', 'c')];
    const best = (...given: RoutingFigures[]) => bestVariant(variants, given).tuning;
    expect(best(figures(100, 5), figures(100.5, 9), figures(102, 9))).toBe('c');
    expect(best(figures(100, 5), figures(100.5, 4), figures(99, 1))).toBe('b');
    expect(best(figures(100, 5), figures(90, 1), figures(100.5, 6))).toBe('default');
  });

  it('at tiny size runs every baseline on every workload and meets its bars', async () => {
    const messages: string[] = [];
    const result = await routingBench.run({
      size: 'tiny',
      trace: undefined,
      seed: 1,
      progress: (m) => messages.push(m),
    });
    const table = result.rows.map((r) => `${r['workload']} ${r['policy']}`);
    for (const workload of ['W', 'generator 1× on 8', 'Z']) {
      for (const policy of [
        'random',
        'round-robin',
        'least-request',
        '3-2-2-approximate',
        '3-2-2',
        'affinity-token-load',
        'clairvoyant',
      ]) {
        expect(table).toContain(`${workload} ${policy}`);
      }
    }
    for (const row of result.rows) {
      for (const value of Object.values(row)) {
        if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
      }
    }
    expect(result.bars.slice(0, 2).map((bar) => bar.holds)).toEqual([true, true]);
    expect(result.bars.slice(2).every((bar) => bar.holds === 'not run' && bar.value === null)).toBe(true);
    expect(messages.length).toBeGreaterThan(0);
  });

  it('says which trace cannot be read', async () => {
    const options = { size: 'tiny' as const, trace: '/nonexistent.jsonl', seed: 1, progress: () => {} };
    await expect(routingBench.run(options)).rejects.toThrow(/cannot read the trace \/nonexistent/);
  });
});
