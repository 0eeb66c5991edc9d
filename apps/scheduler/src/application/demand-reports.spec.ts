import { describe, expect, it } from '@jest/globals';
import { EVENTS } from '@penstock/contracts';
import fc from 'fast-check';
import { fleetEndpoint, fleetOf, fleetPool } from '../../test/fleet-builder.js';
import { type DemandFacts, demandReports } from './demand-reports.js';
import type { Demand } from './demand-tally.js';

const demand = (model: string, facts: Partial<Demand> = {}): Demand => ({
  namespace: 'ns',
  pool: 'p',
  model,
  requests: 1,
  promptTokens: 10,
  uncachedTokens: 5,
  outputTokens: 3,
  inFlight: 1,
  ...facts,
});
const facts = (known: Partial<DemandFacts> = {}): DemandFacts => {
  const pool = known.pool ?? fleetPool('p');
  return {
    pool,
    fleet: fleetOf([pool]),
    arrivals: [],
    held: new Map(),
    nowMs: 10_000,
    intervalMs: 1000,
    scheduler: 's',
    ...known,
  };
};
const base = { baseModel: 'base', servedModels: new Set(['base', 'ada']) };

describe('demandReports', () => {
  it('says what every engine does, without traffic too', () => {
    const figures = { waiting: 2, running: 30, kvUsage: 0.123456, kvCapacityTokens: 4096, scrapedAtMs: 9500 };
    const pool = fleetPool(
      'p',
      fleetEndpoint({ ...base, ...figures, engineId: 'ns/a', role: 'decode' }),
      fleetEndpoint({ engineId: 'ns/b', role: 'prefill', excluded: 'prefill-only', answers: false }),
    );
    expect(demandReports(facts({ pool }))).toEqual([
      {
        model: 'base',
        class: 'standard',
        role: 'both',
        intervalMs: 1000,
        requests: 0,
        promptTokens: 0,
        uncachedTokens: 0,
        outputTokens: 0,
        inFlight: 0,
        held: 0,
        heldTokens: 0,
        engines: [
          {
            engine: 'ns/a',
            role: 'decode',
            ready: true,
            waiting: 2,
            running: 30,
            kvUsage: 0.1235,
            kvCapacityTokens: 4096,
            metricsAgeMs: 500,
          },
          {
            engine: 'ns/b',
            role: 'prefill',
            ready: false,
            waiting: 0,
            running: 0,
            kvUsage: 0,
            kvCapacityTokens: 0,
            metricsAgeMs: 4_294_967_295,
          },
        ],
        scheduler: 's',
      },
    ]);
  });

  it('counts adapters, arrived or waiting, for their base model', () => {
    const pool = fleetPool('p', fleetEndpoint(base));
    const fleet = fleetOf([pool], { baseModelOf: (_pool, target) => (target === 'ada' ? 'base' : target) });
    const held = new Map([
      ['ada', { requests: 2, tokens: 20 }],
      ['base', { requests: 1, tokens: 7 }],
    ]);
    const [report, ...more] = demandReports(
      facts({ pool, fleet, held, arrivals: [demand('ada'), demand('base')] }),
    );
    expect(more).toEqual([]);
    expect(report).toMatchObject({ requests: 2, promptTokens: 20, inFlight: 2, held: 3, heldTokens: 27 });
  });

  it('reports a pool without engines for the model it is known for, and for what is asked of it', () => {
    const fleet = fleetOf([], { baseModels: () => ['known'] });
    expect(demandReports(facts({ fleet })).map((r) => [r.model, r.engines])).toEqual([['known', []]]);
    expect(demandReports(facts()).map((r) => r.model)).toEqual([]);
    const held = new Map([['asked', { requests: 1, tokens: 1 }]]);
    expect(demandReports(facts({ held })).map((r) => [r.model, r.held])).toEqual([['asked', 1]]);
  });

  it('never makes a report that its schema refuses, whatever engines say', () => {
    const wild = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, 1e300, Number.POSITIVE_INFINITY));
    const endpoint = fc.record({
      waiting: wild,
      running: wild,
      kvUsage: wild,
      kvCapacityTokens: wild,
      scrapedAtMs: fc.option(fc.integer(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(endpoint, { maxLength: 5 }), (wildly) => {
        const pool = fleetPool('p', ...wildly.map((figures) => fleetEndpoint({ ...base, ...figures })));
        for (const report of demandReports(facts({ pool }))) {
          expect(EVENTS['demand.reported'].schema.safeParse(report).error).toBeUndefined();
        }
      }),
    );
  });

  it('is bounded', () => {
    const pool = fleetPool('p', ...Array.from({ length: 5010 }, () => fleetEndpoint(base)));
    const [report] = demandReports(facts({ pool }));
    expect(report?.engines).toHaveLength(5000);
    expect(EVENTS['demand.reported'].schema.safeParse(report).success).toBe(true);
  });
});
