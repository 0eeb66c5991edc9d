import { mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

type Run = (program: string, args: string[]) => Promise<{ code: number; output: string }>;
/** Plain JavaScript that runs before anything is compiled, hence without types. */
const module = '../bootstrap/build.mjs';
const { build } = (await import(module)) as {
  build: (root: string, node: string, run: Run) => Promise<void>;
};

describe('build before a command', () => {
  let root: string;
  let builds: string[][];
  let outcome: { code: number; output: string };
  const run: Run = async (_, args) => {
    builds.push(args);
    return outcome;
  };
  const write = (path: string, ageSeconds = 60) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
    const time = Date.now() / 1000 - ageSeconds;
    for (let at = path; at !== '.'; at = dirname(at)) utimesSync(join(root, at), time, time);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'penstock-build-'));
    builds = [];
    outcome = { code: 0, output: '' };
    mkdirSync(join(root, 'node_modules'));
    for (const path of [
      'libs/a/src/one.ts',
      'libs/a/src/two.ts',
      'apps/b/src/deep/x.ts',
      'package-lock.json',
    ])
      write(path);
    for (const path of [
      'libs/a/tsconfig.json',
      'apps/b/tsconfig.json',
      'libs/a/dist/one.js',
      'apps/b/dist/x.js',
    ])
      write(path);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('happens once, and not again while no source changes', async () => {
    await build(root, 'node', run);
    expect(builds).toHaveLength(1);
    await build(root, 'node', run);
    expect(builds).toHaveLength(1);
  });

  it.each([
    ['a source changes', () => write('apps/b/src/deep/x.ts', -1)],
    ['a source is added', () => write('libs/a/src/new/three.ts', -1)],
    ['a source is removed', () => unlinkSync(join(root, 'libs/a/src/two.ts'))],
    ['the lock file changes', () => write('package-lock.json', -1)],
    ['what was built is gone', () => rmSync(join(root, 'apps/b/dist'), { recursive: true })],
    ['a project is added', () => write('apps/c/tsconfig.json')],
  ])('happens again when %s', async (_, change) => {
    await build(root, 'node', run);
    change();
    await build(root, 'node', run);
    expect(builds).toHaveLength(2);
  });

  it('that fails is said in one sentence, and is tried again', async () => {
    outcome = { code: 1, output: 'error TS1: x' };
    await expect(build(root, 'node', run)).rejects.toMatchObject({
      message: 'the build failed: see above',
      output: 'error TS1: x',
    });
    outcome = { code: 1, output: 'ENOSPC' };
    await expect(build(root, 'node', run)).rejects.toThrow('the build failed: the disk is full');
    outcome = { code: 0, output: '' };
    await build(root, 'node', run);
    expect(builds).toHaveLength(3);
  });
});
