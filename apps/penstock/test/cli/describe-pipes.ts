import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { SuiteUnderTest } from './suite-under-test.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export function describePipes(suite: SuiteUnderTest): void {
  describe('a reader that leaves', () => {
    it.each(['doctor', 'top', 'completion bash', '--help'])(
      'ends %s without a word',
      async (command) => {
        const child = spawn(process.execPath, [main, ...command.split(' ')], {
          env: { ...process.env, PENSTOCK_HOME: suite.home },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        child.stdout.destroy();
        let complaints = '';
        child.stderr.on('data', (chunk) => (complaints += chunk));
        expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
        expect(complaints).toBe('');
      },
      90_000,
    );
  });
}
