import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { identify, isAlive, type ProcessIdentity } from '@penstock/testing';
import { endProcess } from '../src/suite/end-process.js';
import { PortChooser } from '../src/suite/ports.js';
import { prepareHome } from '../src/suite/prepare-home.js';
import { SuiteState } from '../src/suite/state.js';
import { type ProcessSpec, Supervisor } from '../src/suite/supervisor.js';
import { waitUntil } from '../src/suite/wait-until.js';

const folder = mkdtempSync(join(tmpdir(), 'penstock-supervisor-'));
let supervisor = new Supervisor();
afterEach(async () => {
  await supervisor.stopAll();
  supervisor = new Supervisor();
});

/** A process that appends its pid to a file and then runs `then`. */
function spec(
  name: string,
  then = 'setInterval(() => {}, 1000)',
  more: Partial<ProcessSpec> = {},
): ProcessSpec {
  const pids = join(folder, `${name}.pids`);
  writeFileSync(pids, '');
  return {
    name,
    command: process.execPath,
    args: ['-e', `require('fs').appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n'); ${then}`],
    logFile: join(folder, `${name}.log`),
    ready: async () => started(name).length > 0,
    stopOrder: 0,
    ...more,
  };
}
const started = (name: string) =>
  readFileSync(join(folder, `${name}.pids`), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(Number);

describe('Supervisor', () => {
  it('starts a killed process again, at once', async () => {
    await supervisor.start(spec('a'));
    const killed = started('a')[0] as number;
    const atMs = performance.now();
    process.kill(killed, 'SIGKILL');
    await waitUntil('the restart', async () => started('a').length === 2, 5000);
    expect(performance.now() - atMs).toBeLessThan(3000);
    expect(supervisor.restarts()).toBe(1);
    expect(supervisor.identities().map((p) => p.name)).toEqual(['a']);
    expect(supervisor.identities()[0]?.pid).not.toBe(killed);
  });

  it('stops what it started, in order, and nothing comes back', async () => {
    await supervisor.start(spec('first', undefined, { stopOrder: 1 }));
    await supervisor.start(spec('second', undefined, { stopOrder: 0 }));
    const identities = supervisor.identities();
    await supervisor.stopAll();
    expect(identities.filter(isAlive)).toEqual([]);
    expect(started('first')).toHaveLength(1);
  });

  it('gives up on a process that never starts, with the end of its log', async () => {
    const broken = spec('broken', "console.error('port 1 is taken'); process.exit(1)", {
      ready: async () => false,
    });
    await expect(supervisor.start(broken)).rejects.toThrow(/broken did not start[\s\S]*port 1 is taken/);
  });

  it('kills what ignores SIGTERM', async () => {
    await supervisor.start(spec('stubborn', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"));
    const identity = identify(started('stubborn')[0] as number) as ProcessIdentity;
    await endProcess(identity, 200);
    await waitUntil('the end', async () => !isAlive(identity), 3000);
  });
});

describe('process identity', () => {
  it('does not take another process for the one recorded', () => {
    const self = identify(process.pid) as ProcessIdentity;
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTicks: 1 })).toBe(false);
    expect(isAlive({ ...self, pid: 2 ** 22 + 1 })).toBe(false);
  });
});

describe('PortChooser', () => {
  it('takes the preferred port when it is free and the next free one when it is not', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const taken = (server.address() as { port: number }).port;
    const chooser = new PortChooser();
    const moved = await chooser.choose('front door', taken);
    expect(moved).toBeGreaterThan(taken);
    expect(chooser.moves).toEqual([{ name: 'front door', preferred: taken, port: moved }]);
    const other = new PortChooser();
    expect(await other.choose('metrics', moved)).not.toBe(moved);
    await chooser.release();
    expect(await other.choose('metrics', moved)).toBe(moved);
    await other.release();
    server.close();
  });
});

describe('prepareHome', () => {
  it('refuses a disk without room, before anything starts', async () => {
    const state = new SuiteState(mkdtempSync(join(tmpdir(), 'penstock-full-')));
    // /proc is a file system without a single free block.
    const full = Object.assign(Object.create(state), { directory: '/proc' }) as SuiteState;
    await expect(prepareHome(full, () => undefined)).rejects.toThrow(
      /the disk of \/proc is full: 0 MB are free, 300 MB are needed/,
    );
  });
});

describe('SuiteState', () => {
  it('treats an unreadable record as none', () => {
    const state = new SuiteState(mkdtempSync(join(tmpdir(), 'penstock-state-')));
    expect(state.running()).toBeUndefined();
    writeFileSync(state.path('suite.json'), '{"supervisor":');
    expect(state.running()).toBeUndefined();
    expect(state.leftovers()).toEqual([]);
  });
});
