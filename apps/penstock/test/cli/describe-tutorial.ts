import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { SuiteUnderTest } from './suite-under-test.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** Blocks that a reader pastes into the second terminal; the others are shown, or run for as long as one likes. */
const COMMANDS = /^```sh\n(.*?)^```$/gms;

/** Holds the tutorial to what it says: its commands run as written, on the suite of the test. */
export function describeTutorial(suite: SuiteUnderTest): void {
  describe('docs/tutorial/first-steps.md', () => {
    it('shows what its commands print', async () => {
      const page = readFileSync(`${root}docs/tutorial/first-steps.md`, 'utf8');
      const blocks = [...page.matchAll(COMMANDS)].map(([, commands]) => commands);
      expect(blocks).toHaveLength(5);
      const { urls } = suite.record;
      const script = [
        'set -eo pipefail',
        'npx() { shift; "$NODE" "$MAIN" "$@"; }',
        // A reader takes longer than this for a page: events have arrived by then.
        ...blocks.map((commands) => `${commands}\nsleep 1`),
      ]
        .join('\n')
        .replaceAll('http://127.0.0.1:8080', urls.frontDoor)
        .replaceAll('http://127.0.0.1:6443', urls.cluster);
      const { code, printed } = await bash(script, {
        PENSTOCK_HOME: suite.home,
        NODE: process.execPath,
        MAIN: main,
      });
      expect(printed).toMatch(/"prompt_tokens":901,.*"cached_tokens":0\}/);
      expect(printed).toMatch(/"prompt_tokens":901,.*"cached_tokens":896\}/);
      expect(printed).toMatch(/^prompt {4}901 tokens, 896 known to be held \(exact, gpu 896\)$/m);
      expect(printed).toMatch(/^engine {4}127\.\S+, penstock\/laptop-0-engine-\d on node-1$/m);
      expect(printed).toMatch(/^node-1 +cpu +\d/m);
      expect(printed).toMatch(/^prompt {4}901 tokens, 512 known to be held \(exact, cpu 512\)$/m);
      expect(printed).toMatch(/^\d+ ok, 0 warnings, 0 failures$/m);
      expect(code).toBe(0);
    }, 120_000);
  });
}

function bash(script: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; printed: string }> {
  const child = spawn('bash', ['-c', script], { env: { ...process.env, ...env } });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (printed += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, printed })));
}
