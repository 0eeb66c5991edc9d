import { describe, expect, it } from '@jest/globals';
import type { EventData, kvindexV1 } from '@penstock/contracts';
import fc from 'fast-check';
import { DemandBoard } from '../src/top/demand-board.js';
import { frameOf } from '../src/top/frame-of.js';
import { printFrame } from '../src/top/print-frame.js';
import { TrafficWindow } from '../src/top/traffic-window.js';

const completed = fc.record({
  atMs: fc.integer({ min: 0, max: 120_000 }),
  endpoint: fc.constantFrom('a:1', 'b:1', 'c:1'),
  promptTokens: fc.integer({ min: 0, max: 1000 }),
  cachedTokens: fc.option(fc.constant(0.5)),
  ttftMs: fc.option(fc.integer({ min: 0, max: 5000 })),
  failed: fc.boolean(),
});

describe('TrafficWindow', () => {
  it('counts what came in the window, and engines add up to the whole', () => {
    fc.assert(
      fc.property(fc.array(completed), fc.integer({ min: 0, max: 120_000 }), (requests, nowMs) => {
        const window = new TrafficWindow(60_000);
        const own = requests.map((r) => ({
          ...r,
          cachedTokens: r.cachedTokens === null ? null : Math.floor(r.promptTokens * r.cachedTokens),
        }));
        for (const request of own) window.addCompleted(request);
        window.prune(nowMs);
        const kept = own.filter(({ atMs }) => atMs >= nowMs - 60_000);
        const total = window.total();
        const engines = [...window.byEndpoint().values()];
        expect(total.requests).toBe(kept.length);
        expect(engines.reduce((sum, { requests: n }) => sum + n, 0)).toBe(kept.length);
        expect(engines.reduce((sum, { failed }) => sum + failed, 0)).toBe(total.failed);
        if (total.hitRatio !== null) expect(total.hitRatio >= 0 && total.hitRatio <= 0.5).toBe(true);
        const known = kept.flatMap(({ ttftMs }) => (ttftMs === null ? [] : [ttftMs]));
        if (total.ttftP50Ms === null) expect(known).toEqual([]);
        else
          expect(known.filter((ms) => ms <= (total.ttftP50Ms as number)).length * 2).toBeGreaterThanOrEqual(
            known.length,
          );
      }),
    );
  });

  it('relates rates to the time that is known', () => {
    const window = new TrafficWindow(60_000, 50_000);
    const request = { endpoint: 'a:1', promptTokens: 1, cachedTokens: null, ttftMs: null, failed: false };
    for (const atMs of [49_000, 51_000, 59_000]) window.addCompleted({ ...request, atMs });
    window.prune(60_000);
    expect([window.spanMs, window.total().requestsPerSecond]).toEqual([10_000, 0.2]);
    window.prune(120_000);
    expect([window.spanMs, window.total().requests]).toEqual([60_000, 0]);
  });

  it('knows the share of prompt tokens on each tier', () => {
    const window = new TrafficWindow(1000);
    expect(window.hitRatioByTier()).toEqual({});
    window.addRouted({ atMs: 1, promptTokens: 300, matchedByTier: { gpu: 150 } });
    window.addRouted({ atMs: 2, promptTokens: 100, matchedByTier: { gpu: 50, cpu: 40 } });
    expect(window.hitRatioByTier()).toEqual({ gpu: 0.5, cpu: 0.1 });
  });
});

const load = (engine: string, more: object = {}) => ({
  ...{
    engine,
    role: 'both' as const,
    ready: true,
    waiting: 0,
    running: 1,
    kvUsage: 0.25,
    kvCapacityTokens: 10,
  },
  ...{ metricsAgeMs: 100, ...more },
});
const report = (scheduler: string, more: object = {}): EventData<'demand.reported'> => ({
  ...{ model: 'm', class: 'standard', role: 'both', intervalMs: 1000, requests: 1, promptTokens: 1 },
  ...{
    uncachedTokens: 1,
    outputTokens: 1,
    inFlight: 2,
    held: 1,
    scheduler,
    engines: [load('ns/pod-0')],
    ...more,
  },
});

describe('DemandBoard', () => {
  it('adds up schedulers, takes the newest report of each and the freshest figures of an engine', () => {
    const board = new DemandBoard(5000);
    board.add('ns/p', report('s0', { inFlight: 9 }), 0);
    board.add('ns/p', report('s0'), 1000);
    board.add(
      'ns/p',
      report('s1', { inFlight: 3, engines: [load('ns/pod-0', { waiting: 7, metricsAgeMs: 5 })] }),
      1000,
    );
    expect(board.pools()).toEqual([{ pool: 'ns/p', inFlight: 5, held: 2 }]);
    expect(board.engines()).toMatchObject([{ engine: 'ns/pod-0', waiting: 7, pool: 'ns/p' }]);
  });

  it('forgets a scheduler that has stopped', () => {
    const board = new DemandBoard(5000);
    board.add('ns/p', report('s0'), 0);
    board.prune(5001);
    expect([board.size, board.pools(), board.engines()]).toEqual([0, [], []]);
  });
});

describe('frame', () => {
  const window = new TrafficWindow(60_000);
  const demand = new DemandBoard(5000);
  const nowMs = Date.parse('2026-01-02T03:04:05.000Z');
  demand.add('ns/chat', report('s0'), nowMs);
  window.addCompleted({
    atMs: nowMs,
    endpoint: '10.0.0.1:8000',
    promptTokens: 100,
    cachedTokens: 40,
    ttftMs: 80,
    failed: false,
  });
  window.addRouted({ atMs: nowMs, promptTokens: 100, matchedByTier: { gpu: 30, cpu: 10 } });
  const engine = {
    engineId: 'ns/pod-1',
    poolNamespace: 'ns',
    pool: 'chat',
    address: '10.0.0.2:8000',
    blocks: 12,
    state: 'live',
  };
  const frame = frameOf(
    { window, demand, addresses: new Map([['ns/pod-0', '10.0.0.1:8000']]) },
    {
      engines: [engine as kvindexV1.Engine],
      gangs: [
        {
          gang: 'ns/g',
          state: 'waiting',
          pods: 4,
          boundPods: 0,
          waitingMs: 3000,
          reason: 'Insufficient nvidia.com/gpu',
        },
      ],
      tiers: [
        { tier: 'cpu', node: 'node-1', usedBytes: 512, capacityBytes: 1024, chunks: 3 },
        { tier: 's3', node: null, usedBytes: 2048, capacityBytes: null, chunks: 9 },
      ],
      problems: ['autoscaler is away'],
    },
    [],
    nowMs,
  );

  it('joins what schedulers report, what the index knows and what requests showed', () => {
    expect(frame.engines).toMatchObject([
      {
        engine: 'ns/pod-0',
        pool: 'ns/chat',
        kvUsage: 0.25,
        index: null,
        traffic: { requests: 1, hitRatio: 0.4 },
      },
      { engine: 'ns/pod-1', pool: 'ns/chat', kvUsage: null, blocks: 12, index: 'live', traffic: null },
    ]);
  });

  it('reads well', () => {
    expect(printFrame(frame, Number.POSITIVE_INFINITY).split('\n')).toEqual([
      '03:04:05 UTC · 2 in flight · 1 waiting · last 60 s: 0.0 req/s · TTFT p50 80 ms · hits 40 % (known gpu 30 %, cpu 10 %)',
      '',
      'ENGINE    POOL     ROLE  READY  RUNNING  QUEUE  KV USE  HITS  REQ/S  TTFT P50  BLOCKS  INDEX',
      'ns/pod-0  ns/chat  both  yes          1      0    25 %  40 %    0.0     80 ms       –  –',
      'ns/pod-1  ns/chat  –     –            –      –       –     –      –         –      12  live',
      '',
      'GANG  STATE    BOUND  WAITING  REASON',
      'ns/g  waiting    0/4    3.0 s  Insufficient nvidia.com/gpu',
      '',
      'NODE    TIER     USED  CAPACITY  FULL  CHUNKS',
      'node-1  cpu     512 B   1.0 KiB  50 %       3',
      '–       s3    2.0 KiB  no limit     –       9',
      '',
      '! autoscaler is away',
    ]);
  });

  it('fits any terminal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 130 }), fc.integer({ min: 2, max: 30 }), (width, height) => {
        const lines = printFrame(frame, width, height).split('\n');
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('without NATS and without services says that nothing is known', () => {
    const empty = frameOf(undefined, { problems: [] }, ['no NATS'], nowMs);
    expect(empty).toMatchObject({
      traffic: null,
      pools: [],
      engines: [],
      gangs: [],
      tiers: [],
      problems: ['no NATS'],
    });
    expect(printFrame(empty, 80)).toContain('traffic is not known');
  });
});
