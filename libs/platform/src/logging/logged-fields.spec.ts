import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { allowFields } from './log-fields.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CALL =
  /\b(?:logger|log)(?:\??\.(?:trace|debug|info|warn|error|fatal)|\[[^\]]*\])\(\s*\{([^{}]*)\}\s*,/g;
const NAME = /(?:^|,)\s*(\w+)\s*(?=[:,]|$)/g;

/** Every field that a call of a logger names. */
function fieldsLogged(): Array<{ file: string; field: string }> {
  const sources = ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'];
  const files = globSync(sources, { cwd: ROOT }).filter((file) => !file.endsWith('.spec.ts'));
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const calls = [...text.matchAll(CALL)].map(([, body = '']) => body);
    return calls.flatMap((body) => [...body.matchAll(NAME)].map(([, field = '']) => ({ file, field })));
  });
}

describe('fields of log lines', () => {
  it('are among those that are not withheld', () => {
    const logged = fieldsLogged();
    expect(logged.length).toBeGreaterThan(100);
    const withheld = logged.filter(({ field }) => 'withheldFields' in allowFields({ [field]: 1 }));
    expect(withheld).toEqual([]);
  });
});
