import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_SCALING_OPTIONS,
  type EngineFacts,
  type PoolDemand,
  type PoolInput,
  type PoolState,
  recommendPool,
  type Variant,
} from './index.js';
import { SimulatedPool } from './simulated-pool.js';

const options = DEFAULT_SCALING_OPTIONS;
const START_MS = 1_000_000;

const limits = fc
  .tuple(fc.nat({ max: 4 }), fc.nat({ max: 12 }))
  .map(([minReplicas, above]) => ({ minReplicas, maxReplicas: Math.max(1, minReplicas + above) }));
const role = fc.constantFrom('both', 'prefill', 'decode', 'batch');
const replica = fc.record({ ready: fc.boolean(), draining: fc.boolean() });
const variant = fc
  .record({
    limits,
    role,
    cost: fc.nat({ max: 50 }),
    spec: fc.nat({ max: 14 }),
    replicas: fc.array(replica, { maxLength: 14 }),
    writable: fc.boolean(),
  })
  .map(({ limits: l, replicas, spec, ...rest }) => ({ ...rest, ...l, specReplicas: spec, list: replicas }));
const figure = fc.record({
  waiting: fc.nat({ max: 50 }),
  running: fc.nat({ max: 50 }),
  kvUsage: fc.double({ min: 0, max: 1, noNaN: true }),
  kvCapacityTokens: fc.constantFrom(0, 1000, 50_000),
  known: fc.boolean(),
});

/** A pool in any state, with what was remembered from an earlier moment of it. */
const situation = fc
  .record({
    variants: fc.array(variant, { minLength: 1, maxLength: 4 }),
    figures: fc.array(figure, { minLength: 60, maxLength: 60 }),
    held: fc.nat({ max: 20 }),
    requests: fc.nat({ max: 20 }),
    idleForMs: fc.constantFrom(0, 3_600_000),
    agoMs: fc.constantFrom(1_000, 70_000),
  })
  .map(({ variants, figures, held, requests, idleForMs, agoMs }) => {
    let next = 0;
    const engines: EngineFacts[] = [];
    const list = variants.map(
      ({ list: replicas, ...rest }, v): Variant => ({
        ...rest,
        key: `ns/v${v}`,
        replicas: replicas.map((r, index) => {
          const pod = `ns/v${v}-${index}`;
          const { known, ...facts } = figures[next++ % figures.length]!;
          if (known) engines.push({ ...facts, engine: pod, role: rest.role, ready: r.ready, ageMs: 10 });
          return { ...r, pods: [pod] };
        }),
      }),
    );
    const demand: PoolDemand = {
      schedulers: 1,
      reportAgeMs: 10,
      requests,
      requestsPerSecond: requests,
      inFlight: 0,
      held,
      heldTokens: held * 100,
      meanInputTokens: 100,
      meanOutputTokens: 20,
      idleForMs,
      engines,
      dropped: {},
    };
    const input: PoolInput = { nowMs: START_MS, demand, variants: list };
    const before = recommendPool({ ...input, nowMs: START_MS - agoMs }, undefined, options).state;
    return { input, before };
  });

const bad = fc.constantFrom<Partial<EngineFacts>>(
  { kvUsage: Number.NaN },
  { waiting: Number.NaN },
  { waiting: -1 },
  { kvCapacityTokens: Number.POSITIVE_INFINITY },
  { kvUsage: -0.5 },
);

describe('recommendPool, for any pool', () => {
  it('stays within the limits of every variant', () => {
    fc.assert(
      fc.property(situation, ({ input, before }) => {
        for (const { desired, figures } of recommendPool(input, before, options).decisions) {
          expect(desired).toBeGreaterThanOrEqual(figures.variant.minReplicas);
          expect(desired).toBeLessThanOrEqual(figures.variant.maxReplicas);
          expect(Number.isInteger(desired)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('adds at most one step and removes at most one ready replica', () => {
    fc.assert(
      fc.property(situation, ({ input, before }) => {
        const { decisions } = recommendPool(input, before, options);
        for (const name of new Set(decisions.map((d) => d.values.role))) {
          const members = decisions.filter((d) => d.values.role === name);
          const planned = members.filter((d) => d.code !== 'below-min' && d.code !== 'above-max');
          const base = members.reduce((sum, d) => sum + d.current, 0);
          const added = planned.reduce((sum, d) => sum + Math.max(0, d.desired - d.current), 0);
          expect(added).toBeLessThanOrEqual(Math.max(base, options.upReplicas));
          const removed = planned.reduce((sum, d) => sum + Math.max(0, d.figures.ready - d.desired), 0);
          expect(removed).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds when all that is known of the engines is missing, not a number or stale', () => {
    fc.assert(
      fc.property(situation, fc.option(bad, { nil: undefined }), ({ input }, damage) => {
        const demand = input.demand!;
        const engines = damage ? demand.engines.map((engine) => ({ ...engine, ...damage })) : [];
        const quiet = { ...demand, engines, held: 0, requests: 0 };
        for (const d of recommendPool({ ...input, demand: quiet }, undefined, options).decisions) {
          const { minReplicas, maxReplicas } = d.figures.variant;
          expect(d.desired).toBe(Math.max(minReplicas, Math.min(maxReplicas, d.current)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds while no scheduler reports', () => {
    fc.assert(
      fc.property(situation, fc.boolean(), ({ input, before }, ever) => {
        const { demand, ...rest } = input;
        const silent = ever ? { ...rest, demand: { ...demand!, schedulers: 0 } } : rest;
        for (const d of recommendPool(silent, before, options).decisions) {
          const { minReplicas, maxReplicas } = d.figures.variant;
          expect(d.desired).toBe(Math.max(minReplicas, Math.min(maxReplicas, d.current)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never recommends less in total for more demand', () => {
    fc.assert(
      fc.property(
        situation,
        fc.nat({ max: 59 }),
        fc.nat({ max: 100 }),
        fc.nat({ max: 5 }),
        ({ input, before }, at, waiting, held) => {
          const demand = input.demand!;
          const engines = demand.engines.map((e, i) =>
            i === at % Math.max(1, demand.engines.length)
              ? { ...e, waiting: e.waiting + waiting, kvUsage: Math.min(1, e.kvUsage * 1.3) }
              : e,
          );
          const more = {
            ...demand,
            engines,
            held: demand.held + held,
            heldTokens: demand.heldTokens + 100 * held,
          };
          const total = (d: PoolDemand) =>
            recommendPool({ ...input, demand: d }, before, options).decisions.reduce(
              (sum, { desired }) => sum + desired,
              0,
            );
          expect(total(more)).toBeGreaterThanOrEqual(total(demand));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('wakes exactly one variant when nothing serves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        (costs, held) => {
          const variants = costs.map((cost, i) => ({
            key: `ns/v${i}`,
            role: 'both' as const,
            cost,
            minReplicas: 0,
            maxReplicas: 5,
            writable: true,
            kvTokens: 1000,
          }));
          const pool = new SimulatedPool({ variants, startMs: 90_000, requestTokens: 100 });
          let state: PoolState | undefined;
          for (let second = 0; second < 60; second++) {
            const result = recommendPool(pool.input(held * 100), state, options);
            state = result.state;
            for (const d of result.decisions) pool.scale(d.key, d.desired);
            pool.nowMs += 1000;
          }
          const woken = variants.filter((v) => pool.replicas(v.key) > 0);
          expect(woken.map((v) => [v.cost, pool.replicas(v.key)])).toEqual([[Math.min(...costs), 1]]);
        },
      ),
    );
  });

  it('settles under a constant load, and never goes up again after it went down', () => {
    const facts = fc.record({
      kvTokens: fc.constantFrom(1_000, 20_000, 300_000),
      load: fc.double({ min: 0, max: 7, noNaN: true }),
      start: fc.integer({ min: 1, max: 10 }),
      startMs: fc.constantFrom(0, 40_000, 110_000),
      second: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, ({ kvTokens, load, start, startMs, second }) => {
        const one = {
          role: 'both' as const,
          cost: 10,
          minReplicas: 1,
          maxReplicas: 12,
          writable: true,
          kvTokens,
        };
        const variants = [
          { ...one, key: 'ns/a' },
          ...(second ? [{ ...one, key: 'ns/b', cost: 15, kvTokens: kvTokens * 2 }] : []),
        ];
        const pool = new SimulatedPool(
          { variants, startMs, requestTokens: 500 },
          { 'ns/a': start, 'ns/b': second ? 1 : 0 },
        );
        let state: PoolState | undefined;
        let wentDown = false;
        let lastChange = 0;
        for (let second = 0; second < 1500; second++) {
          const result = recommendPool(pool.input(load * kvTokens), state, options);
          state = result.state;
          for (const d of result.decisions) {
            if (d.desired === d.current) continue;
            lastChange = second;
            if (d.desired < d.current) wentDown = true;
            else if (wentDown) throw new Error(`up again after ${second} s: ${d.reason}`);
            pool.scale(d.key, d.desired);
          }
          pool.nowMs += 1000;
        }
        expect(lastChange).toBeLessThan(1200);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('gives the same answer for the same record, also after a journey through JSON', () => {
    fc.assert(
      fc.property(situation, ({ input, before }) => {
        const first = recommendPool(input, before, options);
        const frozen = JSON.stringify({ input, before, options });
        const copy = JSON.parse(frozen) as { input: PoolInput; before: PoolState; options: typeof options };
        expect(recommendPool(copy.input, copy.before, copy.options)).toEqual(first);
        expect(JSON.stringify({ input, before, options })).toBe(frozen);
        const shuffled = { ...input, variants: [...input.variants].reverse() };
        expect(recommendPool(shuffled, before, options)).toEqual(first);
      }),
      { numRuns: 200 },
    );
  });
});
