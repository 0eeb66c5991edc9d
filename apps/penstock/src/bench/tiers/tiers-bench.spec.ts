import { describe, expect, it } from '@jest/globals';
import { tiersBars } from './bars.js';
import { tiersBench } from './index.js';
import { planJobs } from './plan.js';
import type { Line } from './rows.js';

const options = { size: 'default' as const, trace: 't.jsonl', seed: 1, progress: () => {} };

describe('bench tiers', () => {
  it('runs both lines of the bar on 8 and 12 engines, and what they are compared with on 8', () => {
    const named = (jobs: ReturnType<typeof planJobs>, engines: number) =>
      jobs.filter((job) => job.engines === engines).map((job) => job.storage.name);
    const jobs = planJobs(options);
    expect(named(jobs, 12)).toEqual(['GPU only', 'CPU, SSD, S3']);
    expect(named(jobs, 8)).toEqual(
      expect.arrayContaining([
        'GPU only',
        'CPU, SSD, S3',
        'small CPU tier',
        'one disk',
        'one disk, load gate off',
      ]),
    );
    expect(jobs.every((job) => job.workload.trace === 't.jsonl' && job.workload.rate === 1)).toBe(true);
    const full = planJobs({ ...options, size: 'full' });
    expect(named(full, 12)).toEqual(named(full, 8));
  });

  it('judges trace M only on the whole trace, and says when tiers are slower', () => {
    const lines = planJobs(options).map((job): Line => {
      const p90 = job.storage.tiers ? (job.storage.gate ? 1100 : 1200) : 1000;
      const figures = { ttftMs: { p50: 1, p90 }, outputTokensPerSecond: 1, promptTokens: 1, gpuHitRatio: 0 };
      return { job, figures };
    });
    expect(tiersBars(lines, options).map((bar) => bar.holds)).toEqual([false, false, false, true]);
    for (const other of [
      { ...options, trace: undefined },
      { ...options, size: 'tiny' as const },
    ]) {
      const bars = tiersBars(lines, other);
      expect(bars.map((bar) => bar.holds)).toEqual(['not run', 'not run', false, 'not run']);
      expect(bars[0]!.value).toBeNull();
    }
  });

  it('at tiny size fills the table with finite figures and meets its bars', async () => {
    const result = await tiersBench.run({ ...options, size: 'tiny', trace: undefined });
    expect(result.rows.map((row) => row['storage'])).toEqual([
      'GPU only',
      'CPU, SSD, S3',
      'one disk',
      'one disk, load gate off',
    ]);
    for (const row of result.rows) {
      for (const value of Object.values(row)) {
        if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
      }
    }
    expect(result.rows[1]!['loads']).toBeGreaterThan(0);
    expect(result.bars.filter((bar) => bar.holds === false)).toEqual([]);
    expect(result.bars[0]).toMatchObject({ holds: 'not run', value: null });
  });
});
