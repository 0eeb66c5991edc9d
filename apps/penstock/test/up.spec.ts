import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { hostMemoryFolder, isAlive, leftoverPodProcesses, type ProcessIdentity } from '@penstock/testing';
import type { SuiteRecord } from '../src/suite/state.js';
import { waitUntil } from '../src/suite/wait-until.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'penstock-up-'));
const children: ChildProcess[] = [];

/** Runs the command line as a user would; `output()` is everything it printed. */
function penstock(...args: string[]): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, PENSTOCK_HOME: home } });
  children.push(child);
  let printed = '';
  child.stdout?.on('data', (chunk) => (printed += chunk));
  child.stderr?.on('data', (chunk) => (printed += chunk));
  return { child, output: () => printed, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

const record = () => JSON.parse(readFileSync(join(home, 'suite.json'), 'utf8')) as SuiteRecord;

/** Every process of the suite: the supervised ones and the engines. */
function allProcesses(): ProcessIdentity[] {
  return [...record().processes, ...leftoverPodProcesses(join(home, 'cluster'))];
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('penstock up', () => {
  it('says what is wrong with its folder and ends', async () => {
    const file = join(home, 'a-file');
    writeFileSync(file, '');
    const child = spawn(process.execPath, [main, 'up', '--once'], {
      env: { ...process.env, PENSTOCK_HOME: join(file, 'x') },
    });
    children.push(child);
    let printed = '';
    child.stderr?.on('data', (chunk) => (printed += chunk));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
    expect(printed).toContain('set PENSTOCK_HOME to a folder that can be created and written');
  }, 30_000);

  it('stays up, moves a taken port and says so, and stops everything on Ctrl-C', async () => {
    // Somebody else has the front door's port; where it is taken already, that serves as well.
    const neighbour = createServer();
    await new Promise<void>((resolve) =>
      neighbour.once('error', () => resolve()).listen(8080, '127.0.0.1', () => resolve()),
    );
    const up = penstock('up', '--engines', '1');
    await waitUntil('the suite', async () => up.output().includes('Ctrl-C stops everything'), 60_000);
    expect(up.output()).toMatch(/front door: port 8080 is taken, it is on \d+/);
    expect(up.output()).toMatch(/answer {3}\S/);
    expect(up.output()).toMatch(/why {6}\S.*policy 3-2-2/);
    const processes = allProcesses();
    // Ten supervised ones, the engine, and kv-node of the one node.
    expect(processes.length).toBe(12);
    expect(processes.every(isAlive)).toBe(true);
    up.child.kill('SIGINT');
    expect(await up.ended).toBe(0);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(existsSync(hostMemoryFolder(join(home, 'cluster')) ?? '')).toBe(false);
    neighbour.close();
  }, 90_000);

  it('stops what a killed start left behind, engines included, and starts anew', async () => {
    const first = penstock('up', '--engines', '1');
    await waitUntil('the suite', async () => first.output().includes('Ctrl-C stops everything'), 60_000);
    const orphans = allProcesses();
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(record().processes.find((p) => p.name === 'dev-cluster')?.pid ?? Number.NaN, 'SIGKILL');
    expect(orphans.filter(isAlive).length).toBeGreaterThan(4);
    const second = penstock('up', '--engines', '1', '--once');
    expect(await second.ended).toBe(0);
    expect(second.output()).toContain('stopping what an earlier start left behind');
    expect(orphans.filter(isAlive)).toEqual([]);
  }, 120_000);

  it.each([
    [['up', '--engines', '0'], '--engines takes a whole number from 1 to 64'],
    [['up', '--speed', 'fast'], '--speed takes a number above 0'],
    [
      ['up', '--gpu', 'abacus', '--once'],
      'no engine is calibrated for --gpu abacus --model Qwen/Qwen3-32B; there are: a100 ',
    ],
    [['replay', '--trace', '/nowhere.jsonl'], 'cannot read the trace /nowhere.jsonl'],
    [['replay', '--policy', 'guess'], "argument 'guess' is invalid"],
    [['bench', 'nothing'], 'there is no bench "nothing"; there are: routing, '],
    [['up', '--once', '--what'], "unknown option '--what'"],
  ])(
    '%j fails with one clear sentence',
    async (args, sentence) => {
      const run = penstock(...args);
      expect(await run.ended).toBe(2);
      expect(run.output()).toContain(sentence);
      expect(run.output()).not.toMatch(/\n\s+at /);
    },
    60_000,
  );
});
