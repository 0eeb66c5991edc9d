import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kvoffloadV1 } from '@penstock/contracts';
import { MetricSeries } from '@penstock/engine';
import type { CompletionOutcome } from '../src/replay/completion-client.js';
import { runReplay } from '../src/replay/run-replay.js';
import { TokenPrompts } from '../src/replay/token-prompts.js';
import type { TraceRequest } from '../src/replay/trace.js';
import { engineAddresses, resetEngineCaches } from '../src/suite/control.js';
import { metricsText } from '../src/suite/metrics-text.js';
import { type Suite, startSuite } from '../src/suite/start-suite.js';
import { DEFAULT_SUITE } from '../src/suite/suite-options.js';
import { verifyTiers } from '../src/suite/verify-tiers.js';
import { waitUntil } from '../src/suite/wait-until.js';
import { kvNodeProcesses } from './tiers/kv-node-processes.js';
import { type Ledger, StorageView } from './tiers/storage-view.js';
import { type CopyName, storedCopies } from './tiers/stored-copies.js';

const { TIER_CPU, TIER_SSD, TIER_S3 } = kvoffloadV1.Tier;
const SPEED = 4;
/** A chunk of the laptop is 32 blocks of 16 tokens, 1 KiB each. */
const CHUNK_TOKENS = 512;
const CHUNKS_PER_DOCUMENT = 4;
/** 16 chunks and 24: a flood of 56 pushes everything else out of both. */
const TIER_CAPACITY = { cpu: '512Ki', ssd: '768Ki' };
const POPULAR = [1, 2, 3, 4, 5, 6];
const VICTIMS = ['kv-node', 'kv-offload', 'kv-node', 'kv-offload'] as const;

const home = mkdtempSync(join(tmpdir(), 'penstock-tiers-'));
const prompts = new TokenPrompts(4000);
const failures: string[] = [];
/** Blocks that were ever seen in the ledger. */
const seenKeys = new Set<string>();
let suite: Suite;
let view: StorageView;
let questions = 0;
let promotions = 0;

beforeAll(async () => {
  const options = { ...DEFAULT_SUITE, engines: 2, speed: SPEED, tierCapacity: TIER_CAPACITY };
  suite = await startSuite(home, options, () => undefined, undefined, 'any');
  view = new StorageView(suite.record);
  await waitUntil('storage', isConnected, 30_000);
}, 120_000);

afterAll(async () => {
  view?.close();
  await suite?.stop();
  rmSync(home, { recursive: true, force: true });
}, 30_000);

/** Whether one kv-offload decides, and knows what every node and the bucket have. */
async function isConnected(): Promise<boolean> {
  const { leader, s3Listed, nodes } = await view.stats();
  return leader && s3Listed && nodes.length > 0 && nodes.every(({ state }) => state === 'live');
}

/** Asks something about each document, every answer from the beginning of the document on. */
async function ask(documents: readonly number[]): Promise<void> {
  const requests = documents.map((document, i): TraceRequest => {
    const hashIds = Array.from({ length: CHUNKS_PER_DOCUMENT }, (_, chunk) => document * 100 + chunk);
    return {
      timestampMs: i * 160 * SPEED,
      inputLength: CHUNKS_PER_DOCUMENT * CHUNK_TOKENS + 40,
      outputLength: 4,
      hashIds: [...hashIds, 1_000_000 + questions++],
    };
  });
  const onOutcome = ({ failure }: CompletionOutcome) => failures.push(...(failure ? [failure] : []));
  await runReplay({
    ...{ frontDoor: suite.record.urls.frontDoor, model: suite.record.model, speed: SPEED, policy: '3-2-2' },
    ...{ source: 'test', requests, onOutcome },
    writePrompt: (request, ordinal) => prompts.write(request, ordinal),
  });
}

/** As `ask`, with nothing on the GPUs before. */
async function askAfresh(documents: readonly number[]): Promise<void> {
  await resetEngineCaches(suite.cluster, suite.record);
  await ask(documents);
  await settle();
}

async function metric(url: string, name: string): Promise<number> {
  const series = new MetricSeries(await metricsText(url), new Set([name])).get(name);
  return series.reduce((sum, { value }) => sum + Number(value), 0);
}

/** Waits until nothing moves for a moment; notes what was promoted. */
async function settle(): Promise<void> {
  let before = '';
  await waitUntil(
    'quiet',
    async () => {
      const { tiers, moves } = await view.stats();
      const now = JSON.stringify({ tiers, moves });
      const isQuiet = now === before;
      before = now;
      if (!isQuiet) await sleep(250);
      return isQuiet;
    },
    30_000,
  );
  const ofThisLife = (await view.stats()).moves.find(({ from, to }) => from === TIER_S3 && to === TIER_CPU);
  promotions = Math.max(promotions, Number(ofThisLife?.chunks ?? 0));
  for (const fact of (await view.ledger()).facts) seenKeys.add(fact.slice(0, 16));
}

/** Ends the process as soon as chunks begin to move. */
async function killInMotion(victim: (typeof VICTIMS)[number]): Promise<void> {
  const moved = async () => (await view.stats()).moves.reduce((sum, { chunks }) => sum + Number(chunks), 0);
  const before = await moved();
  await waitUntil('a move', async () => (await moved()) > before, 10_000);
  const pids =
    victim === 'kv-node'
      ? kvNodeProcesses(home).map(({ pid }) => pid)
      : suite.supervisor.identities().flatMap(({ name, pid }) => (name === victim ? [pid] : []));
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

interface Reality {
  readonly stored: Set<CopyName>;
  readonly ledger: Ledger;
  readonly indexed: Set<string>;
}

async function look(): Promise<Reality> {
  const ledger = await view.ledger();
  for (const fact of ledger.facts) seenKeys.add(fact.slice(0, 16));
  const indexed = await view.indexed(seenKeys);
  return { ledger, indexed, stored: await storedCopies(suite, home, kvNodeProcesses(home)) };
}

const sorted = (set: Set<string>) => [...set].sort();

describe('three tiers under load, with kv-node and kv-offload killed while chunks move', () => {
  it('fails no request', async () => {
    for (const [round, victim] of VICTIMS.entries()) {
      // Used twice in the memory of the one who decides now: worth a place on S3.
      for (let use = round === 0 ? 0 : 1; use < 3; use++) await askAfresh(POPULAR.slice(0, 4));
      const flood = Array.from({ length: 14 }, (_, i) => 100 * (round + 1) + i);
      await Promise.all([ask(flood), killInMotion(victim)]);
      await waitUntil('storage', isConnected, 30_000);
      await settle();
      await askAfresh(POPULAR);
    }
    expect(failures).toEqual([]);
  }, 180_000);

  it('brought chunks back from S3, and engines used what storage held', async () => {
    expect(promotions).toBeGreaterThan(0);
    let loaded = 0;
    for (const address of (await engineAddresses(suite.cluster, suite.record)).values()) {
      loaded += await metric(`http://${address}`, 'penstock_sim_loaded_chunks_total');
      expect(await metric(`http://${address}`, 'penstock_sim_wrong_chunks_total')).toBe(0);
    }
    expect(loaded).toBeGreaterThan(0);
  }, 30_000);

  it('comes to rest: the ledger is what is there, and the index says the same', async () => {
    let last: Reality | undefined;
    const agree = async () => {
      last = await look();
      const { stored, ledger, indexed } = last;
      const same = (a: Set<string>, b: Set<string>) => sorted(a).join() === sorted(b).join();
      return ledger.inMotion === 0 && same(stored, ledger.copies) && same(ledger.facts, indexed);
    };
    await waitUntil('agreement', agree, 45_000).catch(() => undefined);
    const { stored, ledger, indexed } = last as Reality;
    expect(sorted(ledger.copies)).toEqual(sorted(stored));
    expect(sorted(indexed)).toEqual(sorted(ledger.facts));
    expect(ledger.inMotion).toBe(0);
  }, 60_000);

  it('reads every copy back intact, on every tier', async () => {
    const { checked, intact, moved, problems, tiers } = await verifyTiers(suite.record);
    expect(problems).toEqual([]);
    expect({ moved, intact }).toEqual({ moved: 0, intact: checked });
    for (const tier of [TIER_CPU, TIER_SSD, TIER_S3]) {
      expect(tiers.filter((use) => use.tier === tier).some(({ chunks }) => Number(chunks) > 0)).toBe(true);
    }
    for (const { capacityBytes, usedBytes } of tiers) {
      if (Number(capacityBytes) > 0) expect(Number(usedBytes)).toBeLessThanOrEqual(Number(capacityBytes));
    }
  }, 60_000);
});
