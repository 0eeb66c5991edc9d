import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventBus, OutgoingEvent } from '@penstock/core/ports';
import { fleetEndpoint, fleetOf, fleetPool } from '../../test/fleet-builder.js';
import type { Held } from './demand-reports.js';
import { DemandTally } from './demand-tally.js';
import { ReportDemand } from './report-demand.js';

describe('ReportDemand', () => {
  let nowMs: number;
  let published: Array<{ pool: string; requests: number; held: number; intervalMs: number }>;
  let held: Map<string, Held>;
  let tally: DemandTally;
  let report: ReportDemand;
  let pools: Array<ReturnType<typeof fleetPool>>;
  beforeEach(() => {
    jest.useFakeTimers();
    nowMs = 5000;
    published = [];
    held = new Map();
    tally = new DemandTally();
    const base = { baseModel: 'm', servedModels: new Set(['m']) };
    pools = [fleetPool('p', fleetEndpoint(base)), fleetPool('idle', fleetEndpoint(base))];
    const bus = {
      publish: ({ pool, data }: OutgoingEvent) => void published.push({ pool, ...(data as object) } as never),
    } as unknown as EventBus;
    report = new ReportDemand({
      bus,
      fleet: fleetOf(() => pools),
      tally,
      clock: { nowMs: () => nowMs },
      held: (_namespace, pool) => (pool === 'p' ? held : new Map()),
      scheduler: 's',
    });
    report.start();
  });
  afterEach(() => {
    report.stop();
    jest.useRealTimers();
  });
  const pass = (ms: number) => {
    nowMs += ms;
    jest.advanceTimersByTime(ms);
  };
  const figures = () => published.splice(0).map((r) => [r.pool, r.requests, r.held, r.intervalMs]);

  it('reports every pool every second, with traffic or without', () => {
    tally.arrived('ns', 'p', 'm', 10, 10);
    pass(1000);
    expect(figures()).toEqual([
      ['p', 1, 0, 1000],
      ['idle', 0, 0, 1000],
    ]);
    pass(1000);
    expect(figures()).toEqual([
      ['p', 0, 0, 1000],
      ['idle', 0, 0, 1000],
    ]);
  });

  it('reports a pool at once when something waits there, not again and again, and nothing twice', () => {
    pass(1000);
    figures();
    held.set('m', { requests: 1, tokens: 10 });
    tally.arrived('ns', 'p', 'm', 10, 10);
    report.reportSoon('ns', 'p');
    pass(100);
    expect(figures()).toEqual([['p', 1, 1, 100]]);
    report.reportSoon('ns', 'p');
    pass(100);
    expect(figures()).toEqual([]);
    pass(200);
    report.reportSoon('ns', 'p');
    report.reportSoon('ns', 'gone');
    pass(1);
    expect(figures()).toEqual([['p', 0, 1, 301]]);
    pass(599);
    expect(figures()).toEqual([
      ['p', 0, 1, 599],
      ['idle', 0, 0, 1000],
    ]);
  });

  it('brings in what came for a pool that is gone, and the last of all when it stops', () => {
    tally.arrived('ns', 'p', 'm', 10, 10);
    pools = [];
    pass(1000);
    expect(figures()).toEqual([['p', 1, 0, 1000]]);
    tally.arrived('ns', 'p', 'm', 10, 10);
    report.stop();
    expect(figures().map(([pool, requests]) => [pool, requests])).toEqual([['p', 1]]);
  });
});
