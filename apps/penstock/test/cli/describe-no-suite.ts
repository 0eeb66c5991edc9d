import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { runCli } from './run-cli.js';

export function describeNoSuite(): void {
  const home = mkdtempSync(join(tmpdir(), 'penstock-cli-empty-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  describe('without a suite and without addresses', () => {
    it.each([[['explain', 'x']], [['top']]])(
      '%j says so and ends with 3',
      async (args) => {
        const result = await runCli(args, { PENSTOCK_HOME: home });
        expect(result).toMatchObject({ code: 3, stdout: '' });
        expect(result.stderr).toContain(`no suite runs in ${home}`);
        expect(result.stderr).toContain('npm start');
      },
      90_000,
    );

    it('doctor looks at the machine, says that no suite runs, and ends with 3', async () => {
      const { code, stdout } = await runCli(['doctor', '-o', 'json'], { PENSTOCK_HOME: home });
      expect(code).toBe(3);
      const { status, findings } = JSON.parse(stdout);
      expect(status).toBe('fail');
      expect(findings).toMatchObject([
        { area: 'versions', name: 'penstock' },
        { area: 'versions', name: 'node', status: 'ok' },
        { area: 'suite', name: 'running', status: 'fail', fix: expect.stringContaining('npm start') },
        { area: 'suite', name: 'ports' },
      ]);
    }, 90_000);
  });
}
