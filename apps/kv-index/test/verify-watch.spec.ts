import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { kvindexV1 } from '@penstock/contracts';
import { until } from '@penstock/testing';
import { HttpCacheReports } from '../src/adapters/http-cache-reports.js';
import { ServedIndex } from './served-index.js';
import type { SimulatedEngine } from './simulated-engine.js';

const A = 'ns/a';
const hex = (hash: bigint) => hash.toString(16).padStart(64, '0');
const wordsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 8 }, (_, i) => Buffer.from(bytes).readBigUInt64LE(8 * i));

describe('Verify and Watch', () => {
  let engine: SimulatedEngine;
  let http: Server;
  /** What the engine answers to GET /debug/cache. */
  let report: { status: number; body: string } = { status: 404, body: '' };
  const asked: string[] = [];
  const reports = new HttpCacheReports();
  const served = new ServedIndex();
  const watches: AbortController[] = [];

  beforeAll(async () => {
    http = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(report.status).end(report.body);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    await served.start({
      reports: {
        read: (_address, signal) => reports.read(`127.0.0.1:${port}`, signal),
        close: () => reports.close(),
      },
    });
    engine = await served.world.addEngine('a', '10.0.0.1');
    engine.store('12');
    await served.followed(1);
  }, 30_000);
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.abort();
  });
  afterAll(async () => {
    await served.stop();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  const hashes = (...prompts: string[]) => prompts.map((prompt) => ({ hash: hex(BigInt(`0x1${prompt}`)) }));
  async function verify(request: object = { engineId: A }) {
    const parts: kvindexV1.VerifyResponse[] = [];
    for await (const part of served.client.stream('Verify', request, { deadlineMs: 15_000 }))
      parts.push(part);
    return parts;
  }

  it('finds nothing where engine and index agree', async () => {
    report = { status: 200, body: JSON.stringify({ lastSequence: 0, blocks: hashes('1', '12') }) };
    expect(await verify()).toEqual([
      {
        part: 'summary',
        summary: {
          engineId: A,
          supported: true,
          reason: '',
          engineBlocks: 2,
          indexBlocks: 2,
          missing: 0,
          gone: 0,
          engineSequence: '0',
          indexSequence: '0',
        },
      },
    ]);
    expect(asked).toEqual(['/debug/cache']);
  });

  it('lists what differs, as much as is asked for', async () => {
    report = { status: 200, body: JSON.stringify({ lastSequence: 0, blocks: hashes('1', '7', '8', '9') }) };
    const [first, second, ...rest] = await verify({ engineId: A, maxDifferences: 2 });
    expect(first?.summary).toMatchObject({ supported: true, missing: 3, gone: 1 });
    expect(wordsOf(second?.differences?.missing ?? new Uint8Array())).toEqual([0x17n, 0x18n]);
    expect(wordsOf(second?.differences?.gone ?? new Uint8Array())).toEqual([0x112n]);
    expect(rest).toEqual([]);
  });

  it('says by the sequences when events are still on their way', async () => {
    report = { status: 200, body: JSON.stringify({ lastSequence: 7, blocks: hashes('1', '12') }) };
    const before = asked.length;
    const [first] = await verify();
    expect(first?.summary).toMatchObject({ engineSequence: '7', indexSequence: '0' });
    expect(asked.length - before).toBe(5);
  });

  it.each([
    ['an engine without a report', { status: 404, body: '{}' }, 'answers 404'],
    ['a report of another kind', { status: 200, body: '{"blocks": 7}' }, 'does not answer with'],
    ['a report that is no JSON', { status: 200, body: '<html>' }, 'does not answer with'],
    [
      'hashes that are none',
      { status: 200, body: '{"lastSequence":0,"blocks":[{"hash":"xyz"}]}' },
      'does not answer',
    ],
  ])('cannot compare with %s, and says why', async (_what, answer, why) => {
    report = answer;
    const [first, ...rest] = await verify();
    expect(first?.summary).toMatchObject({ supported: false, reason: expect.stringContaining(why) });
    expect(rest).toEqual([]);
  });

  it.each([
    ['an engine it does not know', { engineId: 'ns/nobody' }, status.NOT_FOUND],
    ['no engine', {}, status.INVALID_ARGUMENT],
    ['too many differences', { engineId: A, maxDifferences: 2_000_000 }, status.INVALID_ARGUMENT],
  ])('refuses %s', async (_what, request, code) => {
    await expect(verify(request)).rejects.toMatchObject({ code });
  });

  /** Everything that is sent, while it is sent. */
  function watch(request: object): kvindexV1.WatchResponse[] {
    const stop = new AbortController();
    watches.push(stop);
    const events: kvindexV1.WatchResponse[] = [];
    const read = async () => {
      const options = { deadlineMs: 60_000, signal: stop.signal };
      for await (const event of served.client.stream('Watch', request, options)) events.push(event);
    };
    void read().catch(() => undefined);
    return events;
  }

  it('begins with a marker and all that is known, and goes on with every change', async () => {
    const events = watch({ pool: 'pool', includeBlocks: true });
    await until(() => events.some((event) => event.complete));
    expect(events[0]?.begin).toEqual({ replica: 'here' });
    const [state] = events.flatMap((event) => event.state ?? []);
    expect(state).toMatchObject({ engineId: A, blocks: 2, first: true, last: true });
    expect(state?.tiers.map(({ tier, keys }) => [tier, keys.length])).toEqual([['TIER_GPU', 16]]);
    engine.store('123');
    engine.evict('123');
    engine.store('1234');
    await until(() => events.flatMap((e) => e.change?.tiers ?? []).some((tier) => tier.storedBlocks > 0));
    const counts = events.flatMap((event) => event.change?.tiers ?? []);
    for (const tier of counts) {
      expect(tier.stored.length).toBe(8 * tier.storedBlocks);
      expect(tier.removed.length).toBe(8 * tier.removedBlocks);
    }
    expect(events.flatMap((event) => event.engine ?? [])[0]).toMatchObject({
      engineId: A,
      state: 'live',
      source: 'ENGINE_SOURCE_EXACT',
      replica: 'here',
    });
  });

  it('sends counts alone unless blocks are asked for, and nothing of other pools', async () => {
    const [counts, other] = [watch({}), watch({ pool: 'other', includeBlocks: true })];
    await until(() => [counts, other].every((events) => events.some((event) => event.complete)));
    engine.store('5');
    await until(() => counts.some((event) => event.change));
    const changes = counts.flatMap((event) => event.change?.tiers ?? []);
    expect(changes.map((t) => [t.storedBlocks, t.stored.length])).toEqual([[1, 0]]);
    expect(counts.flatMap((event) => event.state?.tiers ?? [])).toEqual([]);
    expect(other.map((event) => Object.keys(event).find((name) => name !== 'event'))).toEqual([
      'begin',
      'complete',
    ]);
  });

  it('tells of engines that leave', async () => {
    const events = watch({});
    await until(() => events.some((event) => event.complete));
    await served.world.addEngine('gone', '10.0.0.7');
    await until(() => events.some((event) => event.engine?.engineId === 'ns/gone'));
    await served.world.removeEngine('gone');
    await until(() => events.some((event) => event.left?.engineId === 'ns/gone'));
  });

  it('takes 64 callers of Watch at once and refuses more, until one ends', async () => {
    const opened = () =>
      new Promise<void>((resolve, reject) => {
        const stop = new AbortController();
        watches.push(stop);
        const parts = served.client.stream('Watch', {}, { deadlineMs: 60_000, signal: stop.signal });
        const read = async () => {
          for await (const part of parts) if (part.complete) resolve();
        };
        read().catch(reject);
      });
    const fill = async () => {
      for (let i = 0; i <= 64; i++) await opened();
    };
    const refusal = { code: status.RESOURCE_EXHAUSTED, message: expect.stringContaining('64 callers') };
    await expect(fill()).rejects.toMatchObject(refusal);
    for (const stop of watches.splice(0)) stop.abort();
    await until(() =>
      opened().then(
        () => true,
        () => false,
      ),
    );
  });

  it('lists engines with how far they are followed, and storage when asked to', async () => {
    const { engines } = await served.client.call('ListEngines', { includeStorage: true });
    expect(engines.find((e) => e.engineId === A)).toMatchObject({
      source: 'ENGINE_SOURCE_EXACT',
      replica: 'here',
      batchesBehind: 0,
      gaps: '0',
      restarts: '0',
      orphans: 0,
      rank: 0,
      lagSeconds: expect.any(Number),
    });
  });

  it('does not keep the service from stopping', async () => {
    const events = watch({});
    const stream = served.openScoreStream();
    stream.on('error', () => undefined);
    await until(() => events.some((event) => event.complete));
    expect(await served.stop()).toBe(true);
  });
});
