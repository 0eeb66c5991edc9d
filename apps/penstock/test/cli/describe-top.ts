import { describe, expect, it } from '@jest/globals';
import type { SuiteUnderTest } from './suite-under-test.js';

export function describeTop(suite: SuiteUnderTest): void {
  describe('top', () => {
    it('prints one frame without a terminal, and no colours', async () => {
      const { code, stdout } = await suite.cli('top');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^\d\d:\d\d:\d\d UTC · \d+ in flight · 0 waiting · last 60 s: /);
      expect(stdout).toMatch(/\npenstock\/laptop-0-engine-0 +penstock\/laptop +both +yes +0 +0 +\d+ %/);
      expect(stdout).toMatch(/\npenstock\/laptop-0 +bound +2\/2/);
      expect(stdout).not.toContain('\u001b');
    }, 90_000);

    it('has a stable document with what requests of the last minute showed', async () => {
      const { endpoint } = await suite.complete('one more');
      const { code, stdout } = await suite.cli('top', '-o', 'json');
      expect(code).toBe(0);
      const frame = JSON.parse(stdout);
      expect(Object.keys(frame)).toEqual([
        ...['time', 'windowMs', 'traffic', 'pools', 'engines', 'gangs', 'tiers', 'problems'],
      ]);
      expect(frame.problems).toEqual([]);
      expect(
        frame.tiers.map(({ tier, node }: { tier: string; node: string | null }) => [node, tier]),
      ).toEqual([
        ...[
          ['node-1', 'cpu'],
          ['node-1', 'ssd'],
          [null, 's3'],
        ],
      ]);
      expect(frame.traffic.requests).toBeGreaterThan(0);
      expect(frame.engines).toHaveLength(2);
      expect(frame.engines.some((e: { traffic: object | null }) => e.traffic !== null)).toBe(true);
      expect(frame.engines.every((e: { index: string }) => e.index === 'live')).toBe(true);
      expect(endpoint).toMatch(/^127\./);
    }, 90_000);

    it('shows what answers and names what does not', async () => {
      const { code, stdout } = await suite.cli(
        ...['top', '--gang-placer', suite.record.urls.gangPlacerGrpc, '--kv-index', '127.0.0.1:1'],
      );
      expect(code).toBe(0);
      expect(stdout).toContain('penstock/laptop-0');
      expect(stdout).toContain(
        '! kv-index at 127.0.0.1:1 does not answer (connect ECONNREFUSED 127.0.0.1:1)',
      );
      expect(stdout).toContain('no --nats-url was given');
    }, 90_000);

    it('ends with 3 when nothing answers', async () => {
      const result = await suite.cli('top', '--nats-url', 'nats://127.0.0.1:1', '--timeout', '500');
      expect(result).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringContaining('run `penstock doctor`'),
      });
    }, 90_000);
  });
}
