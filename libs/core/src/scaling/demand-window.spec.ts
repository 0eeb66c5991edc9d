import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DemandReport, DemandWindow, type EngineFacts } from './index.js';

const engine = (over: Partial<EngineFacts> = {}): EngineFacts => ({
  engine: 'ns/e0',
  role: 'both',
  ready: true,
  waiting: 0,
  running: 0,
  kvUsage: 0.5,
  kvCapacityTokens: 1000,
  ageMs: 100,
  ...over,
});
const report = (over: Partial<DemandReport> = {}): DemandReport => ({
  scheduler: 's0',
  namespace: 'ns',
  pool: 'p',
  model: 'm',
  intervalMs: 1000,
  requests: 2,
  promptTokens: 200,
  outputTokens: 20,
  inFlight: 3,
  held: 0,
  heldTokens: 0,
  engines: [engine()],
  ...over,
});
const open = () => new DemandWindow({ staleMs: 5_000 });

describe('DemandWindow', () => {
  it('adds up the latest reports of all scheduler replicas and models, and keeps the freshest facts of an engine', () => {
    const window = open();
    window.add(report({ requests: 9 }), 0, 0);
    window.add(report(), 1000, 1000);
    const older = engine({ kvUsage: 0.9, ageMs: 900 });
    window.add(
      report({ scheduler: 's1', intervalMs: 500, held: 1, heldTokens: 7, engines: [older] }),
      1000,
      1000,
    );
    window.add(
      report({ scheduler: 's1', model: 'adapter', engines: [engine({ engine: 'ns/e1' })] }),
      1000,
      1000,
    );
    expect(window.view('ns', 'p', 1500)).toEqual({
      schedulers: 2,
      reportAgeMs: 500,
      requests: 6,
      requestsPerSecond: 8,
      inFlight: 9,
      held: 1,
      heldTokens: 7,
      meanInputTokens: 800 / 15,
      meanOutputTokens: 80 / 15,
      idleForMs: 500,
      engines: [engine({ ageMs: 600 }), engine({ engine: 'ns/e1', ageMs: 600 })],
      dropped: {},
    });
    expect(window.view('ns', 'p', 1500, 'adapter')).toMatchObject({ requests: 2, inFlight: 3, held: 0 });
    expect(window.view('ns', 'other', 1500)).toBeUndefined();
  });

  it.each([
    ['a count that is not a number', { inFlight: Number.NaN }],
    ['a negative count', { requests: -1 }],
    ['an infinite count', { heldTokens: Number.POSITIVE_INFINITY }],
  ])('drops a report with %s and counts it', (_what, over) => {
    const window = open();
    expect(window.add(report(over), 0, 0)).toBe(false);
    expect(window.dropped).toEqual({ 'bad-number': 1 });
    expect(window.view('ns', 'p', 0)).toBeUndefined();
  });

  it('drops an engine whose figures make no sense, and keeps the rest of the report', () => {
    const window = open();
    const engines = [
      engine({ kvUsage: Number.NaN }),
      engine({ engine: 'ns/e1', waiting: -1 }),
      engine({ engine: 'ns/e2' }),
    ];
    expect(window.add(report({ engines }), 0, 0)).toBe(true);
    expect(window.dropped).toEqual({ 'bad-engine': 2 });
    const view = window.view('ns', 'p', 0);
    expect(view?.engines.map((e) => e.engine)).toEqual(['ns/e2']);
    expect(view?.dropped).toEqual({ 'bad-engine': 2 });
  });

  it('leaves out what is stale, and says so', () => {
    const window = open();
    window.add(report(), 0, 0);
    window.add(
      report({ scheduler: 's1', engines: [engine({ engine: 'ns/e1', ageMs: 4_500 })] }),
      4_000,
      4_000,
    );
    expect(window.view('ns', 'p', 5_500)).toMatchObject({
      schedulers: 1,
      requests: 2,
      engines: [],
      dropped: { 'stale-report': 1, 'stale-engine': 1 },
    });
    expect(window.view('ns', 'p', 20_000)).toMatchObject({ schedulers: 0, engines: [], reportAgeMs: 16_000 });
    expect(window.add(report(), 1_000, 30_000)).toBe(false);
    expect(window.dropped).toEqual({ 'stale-on-arrival': 1 });
  });

  it('measures idleness by arrivals, and only while somebody looks', () => {
    const window = open();
    const quiet = { requests: 0, inFlight: 0, promptTokens: 0, outputTokens: 0, engines: [engine()] };
    window.add(report(), 0, 0);
    for (let ms = 1000; ms <= 10_000; ms += 1000) window.add(report(quiet), ms, ms);
    expect(window.view('ns', 'p', 10_500)?.idleForMs).toBe(10_500);
    window.add(report({ ...quiet, engines: [engine({ running: 1 })] }), 11_000, 11_000);
    expect(window.view('ns', 'p', 12_000)?.idleForMs).toBe(1_000);
    window.add(report(quiet), 40_000, 40_000);
    expect(window.view('ns', 'p', 41_000)?.idleForMs).toBe(1_000);
  });

  it('is not changed by repeated or late reports, whatever their order', () => {
    const times = fc.array(fc.nat({ max: 4_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, (list) => {
        const [once, again] = [open(), open()];
        for (const at of list) once.add(report({ requests: at }), at, 4_000);
        for (const at of list.flatMap((t) => [t, t])) again.add(report({ requests: at }), at, 4_000);
        expect(again.view('ns', 'p', 4_000)).toEqual(once.view('ns', 'p', 4_000));
        expect(once.view('ns', 'p', 4_000)?.requests).toBe(Math.max(...list));
      }),
    );
  });
});
