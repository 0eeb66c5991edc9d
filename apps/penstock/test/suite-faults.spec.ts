import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSessions } from '@penstock/core/twin';
import { isAlive } from '@penstock/testing';
import type { CompletionOutcome } from '../src/replay/completion-client.js';
import { runReplay } from '../src/replay/run-replay.js';
import { TokenPrompts } from '../src/replay/token-prompts.js';
import { engineAddresses } from '../src/suite/control.js';
import { routeOneCompletion } from '../src/suite/self-check.js';
import { type Suite, startSuite } from '../src/suite/start-suite.js';
import { agrees, type EngineVerification, verifyIndex } from '../src/suite/verify-index.js';
import { waitUntil } from '../src/suite/wait-until.js';

const SPEED = 4;
const home = mkdtempSync(join(tmpdir(), 'penstock-faults-'));
let suite: Suite;

beforeAll(async () => {
  suite = await startSuite(
    home,
    { engines: 3, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: SPEED },
    () => undefined,
    undefined,
    'any',
  );
}, 90_000);

afterAll(async () => {
  await suite?.stop();
  rmSync(home, { recursive: true, force: true });
}, 30_000);

async function pidOf(name: string): Promise<number> {
  if (name === 'engine') return engineProcess('laptop-0-engine-1');
  return suite.supervisor.identities().find((p) => p.name === name)?.pid ?? Number.NaN;
}

/** The process that serves a pod: the one that was told its address. */
async function engineProcess(pod: string): Promise<number> {
  const ip = (await engineAddresses(suite.cluster, suite.record)).get(pod)?.split(':')[0] as string;
  const found = readdirSync('/proc').find((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return /engine-sim/.test(args[1] ?? '') && args.includes(ip);
    } catch {
      return false;
    }
  });
  return Number(found);
}

/** Replays a few sessions and kills `victim` in the middle. */
async function replayWithKill(
  victim: string,
  seed: number,
): Promise<{ outcomes: CompletionOutcome[]; killedAtMs: number }> {
  const requests = generateSessions({ seed, requests: 60 });
  const span = Math.max(...requests.map((r) => r.timestampMs));
  const squeezed = requests.map((r) => ({
    ...r,
    timestampMs: (r.timestampMs / span) * 6000 * SPEED,
    outputLength: Math.min(r.outputLength, 60),
  }));
  const prompts = new TokenPrompts(4000);
  const outcomes: CompletionOutcome[] = [];
  const replay = runReplay({
    frontDoor: suite.record.urls.frontDoor,
    model: suite.record.model,
    speed: SPEED,
    policy: '3-2-2',
    source: 'test',
    requests: squeezed,
    writePrompt: (request, ordinal) => prompts.write(request, ordinal),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  await sleep(2500);
  const pid = await pidOf(victim);
  const killedAtMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await replay;
  return { outcomes, killedAtMs };
}

/** Waits until index and engines agree; the last comparison is in the error when they do not. */
async function converges(): Promise<void> {
  let last: EngineVerification[] = [];
  const check = async () => {
    last = await verifyIndex(suite.cluster, suite.record);
    return last.length === 3 && agrees(last);
  };
  await waitUntil('the index', check, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`);
  });
  expect(last.reduce((sum, engine) => sum + engine.engineBlocks, 0)).toBeGreaterThan(0);
}

describe('kill -9 of one process during a replay', () => {
  // What nobody is connected to through it must not be noticed at all.
  it.each([
    ['nats', 11],
    ['redis', 12],
    ['dev-cluster', 13],
    ['kv-index', 14],
    ['gang-placer', 17],
    ['autoscaler', 18],
    ['kv-offload', 19],
    ['s3', 20],
  ])(
    '%s: no request fails, the index converges',
    async (victim, seed) => {
      const { outcomes } = await replayWithKill(victim, seed);
      expect(outcomes.map((o) => o.failure).filter(Boolean)).toEqual([]);
      expect(outcomes).toHaveLength(60);
      await converges();
    },
    90_000,
  );

  it.each([
    ['scheduler-0', 15],
    ['engine', 16],
  ])(
    '%s: only streams open on it may break, the index converges',
    async (victim, seed) => {
      const { outcomes, killedAtMs } = await replayWithKill(victim, seed);
      const failures = outcomes.filter((o) => o.failure !== undefined);
      expect(outcomes).toHaveLength(60);
      expect(failures.filter((o) => o.startedAtMs >= killedAtMs).map((o) => o.failure)).toEqual([]);
      expect(failures.length).toBeLessThan(30);
      await converges();
      await routeOneCompletion(suite.record.urls.frontDoor, suite.record.model);
    },
    90_000,
  );

  it('has started every killed process again, and stops them all at the end', async () => {
    expect(suite.supervisor.restarts()).toBe(9);
    const identities = suite.supervisor.identities();
    expect(identities.map((p) => p.name).sort()).toEqual([
      'autoscaler',
      'dev-cluster',
      'gang-placer',
      'kv-index',
      'kv-offload',
      'nats',
      'redis',
      's3',
      'scheduler-0',
      'scheduler-1',
    ]);
    const engine = await engineProcess('laptop-0-engine-1');
    await suite.stop();
    expect(identities.filter(isAlive)).toEqual([]);
    expect(() => process.kill(engine, 0)).toThrow();
  }, 60_000);
});
