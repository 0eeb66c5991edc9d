import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/doctor/finding.js';
import type { SuiteUnderTest } from './suite-under-test.js';

export function describeDoctor(suite: SuiteUnderTest): void {
  const check = async (
    ...args: string[]
  ): Promise<{ code: number | null; findings: Finding[]; status: string }> => {
    const { code, stdout } = await suite.cli('doctor', '-o', 'json', ...args);
    return { code, ...JSON.parse(stdout) };
  };
  const notWell = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'ok');
  const areas = (findings: readonly Finding[], status: Finding['status']) => [
    ...new Set(findings.filter((finding) => finding.status === status).map(({ area }) => area)),
  ];

  describe('doctor', () => {
    it('finds a healthy suite well, events of a request of its own included', async () => {
      const { code, findings, status } = await check();
      expect(notWell(findings)).toEqual([]);
      expect({ code, status }).toEqual({ code: 0, status: 'ok' });
      expect([...new Set(findings.map(({ area }) => area))]).toEqual([
        ...['versions', 'suite', 'nats', 'redis', 'cluster', 'services', 'engines', 'storage', 'events'],
      ]);
      expect(findings.filter(({ area }) => area === 'events').map(({ name }) => name)).toEqual([
        ...['demand.reported', 'routing.decided'],
      ]);
    }, 120_000);

    it('sends nothing when told so', async () => {
      const { findings } = await check('--no-request');
      expect(findings.filter(({ area }) => area === 'events').map(({ name }) => name)).toEqual([
        'demand.reported',
      ]);
    }, 120_000);

    it('looks only at what it is given, and does not call the rest well', async () => {
      const { code, findings } = await check('--redis-url', suite.record.urls.redis);
      expect(code).toBe(0);
      expect(areas(findings, 'ok')).toEqual(['versions', 'redis']);
      expect(areas(findings, 'skip')).toEqual([
        'nats',
        'cluster',
        'services',
        'engines',
        'storage',
        'events',
      ]);
    }, 120_000);

    it('finds NATS that hangs, and what depends on it', async () => {
      const pid = suite.pidOf('nats');
      process.kill(pid, 'SIGSTOP');
      try {
        const { code, findings } = await check('--timeout', '1500');
        expect(code).toBe(1);
        expect(areas(findings, 'fail')).toContain('nats');
        expect(areas(findings, 'ok')).toEqual(expect.arrayContaining(['redis', 'cluster']));
        expect(notWell(findings).every(({ fix }) => fix !== undefined && fix !== '')).toBe(true);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }, 120_000);

    it('finds Redis that hangs', async () => {
      const pid = suite.pidOf('redis');
      process.kill(pid, 'SIGSTOP');
      try {
        const { code, findings } = await check('--timeout', '1500');
        expect(code).toBe(1);
        expect(areas(findings, 'fail')).toContain('redis');
        expect(areas(findings, 'ok')).toEqual(expect.arrayContaining(['nats', 'cluster', 'events']));
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }, 120_000);

    it.each([
      ['nats', ['--nats-url', 'nats://127.0.0.1:1'], 'nats'],
      ['Redis', ['--redis-url', 'redis://127.0.0.1:1'], 'redis'],
      ['a kubeconfig', ['--kubeconfig', '/nowhere/kubeconfig'], 'cluster'],
      ['kv-index', ['--kv-index', '127.0.0.1:1'], 'engines'],
      ['kv-offload', ['--kv-offload', '127.0.0.1:1'], 'storage'],
      ['a metrics page', ['--metrics', 'scheduler=http://127.0.0.1:1'], 'services'],
    ])(
      'says that %s is not there and how to mend it',
      async (_, args, area) => {
        const { code, stdout } = await suite.cli('doctor', ...args, '--timeout', '1000');
        expect(code).toBe(1);
        expect(stdout).toMatch(new RegExp(`^fail  ${area}.*\\n +→ \\S`, 'm'));
        expect(stdout).not.toMatch(/\n\s+at /);
        expect(stdout).not.toContain('\u001b');
      },
      120_000,
    );

    it('refuses a context that the kubeconfig has not', async () => {
      const { code, findings } = await check('--kubeconfig', suite.record.kubeconfig, '--context', 'moon');
      expect(code).toBe(1);
      expect(findings.find(({ area }) => area === 'cluster')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('no usable context "moon"'),
      });
    }, 120_000);
  });
}
