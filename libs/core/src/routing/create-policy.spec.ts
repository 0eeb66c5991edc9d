import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPolicy, type EndpointView, POLICY_NAMES, type RoutingInput } from './index.js';

const endpoint = (id: string, view: Partial<EndpointView> = {}): EndpointView => ({
  id,
  waiting: 0,
  running: 0,
  kvUsage: 0,
  kvCapacityTokens: 1000,
  metricsAgeMs: 10,
  inFlightRequests: 0,
  inFlightPrefillTokens: 0,
  inFlightTokens: 0,
  unseenRequests: 0,
  unseenTokens: 0,
  ...view,
});

const input = (endpoints: EndpointView[], matchedTokens: number[] = [], ordinal = 0): RoutingInput => ({
  request: { requestId: 'r', model: 'm', promptTokens: 100, ordinal, seed: 1 },
  endpoints,
  matchedTokens,
});

const chosen = (name: string, i: RoutingInput, options = {}): string | undefined =>
  i.endpoints[createPolicy(name, options).decide(i).chosen]?.id;

describe('createPolicy', () => {
  it('lists the names when one is unknown', () => {
    expect(() => createPolicy('best')).toThrow(
      /unknown routing policy "best"; choose one of: random, round-robin, least-request, 3-2-2-approximate, 3-2-2/,
    );
    expect(() => createPolicy('toString')).toThrow(/unknown/);
  });

  it('says where prefixes must come from', () => {
    const sources = POLICY_NAMES.map((name) => createPolicy(name).prefixSource);
    expect(sources).toEqual(['none', 'none', 'none', 'approximate', 'exact', 'approximate']);
  });

  it.each(POLICY_NAMES)('%s never chooses an excluded endpoint and repeats its answer', (name) => {
    const view = fc.record({
      excluded: fc.constantFrom(undefined, undefined, 'draining', 'not-ready'),
      waiting: fc.nat(9),
      running: fc.nat(9),
      kvUsage: fc.double({ min: 0, max: 1, noNaN: true }),
      inFlightRequests: fc.nat(9),
      inFlightPrefillTokens: fc.nat(1_000_000),
      unseenRequests: fc.nat(3),
      unseenTokens: fc.nat(3000),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(view, fc.nat(100)), { maxLength: 9 }), fc.nat(50), (views, ordinal) => {
        const endpoints = views.map(([v], i) => endpoint(`e${i}`, v));
        const i = input(
          endpoints,
          views.map(([, m]) => m),
          ordinal,
        );
        const decision = createPolicy(name).decide(i);
        expect(createPolicy(name).decide(i)).toEqual(decision);
        const open = endpoints.filter((e) => e.excluded === undefined);
        if (open.length === 0) {
          expect(decision.chosen).toBe(-1);
          return;
        }
        expect(endpoints[decision.chosen]!.excluded).toBeUndefined();
        expect(decision.leading[0]!.endpointId).toBe(endpoints[decision.chosen]!.id);
        expect(decision.leading.length).toBeLessThanOrEqual(5);
        for (const { scores } of decision.leading) {
          for (const score of Object.values(scores)) expect(score >= 0 && score <= 1).toBe(true);
        }
        const totals = decision.leading.map((l) => l.total);
        expect(totals).toEqual([...totals].sort((a, b) => b - a));
      }),
      { numRuns: 60 },
    );
  });

  it('explains why nothing was eligible', () => {
    const decision = createPolicy('3-2-2').decide(
      input([endpoint('a', { excluded: 'draining' }), endpoint('b', { excluded: 'draining' })]),
    );
    expect(decision).toMatchObject({
      chosen: -1,
      excluded: { draining: 2 },
      reason: 'no endpoint is eligible: 2 draining',
    });
  });
});

describe('policies', () => {
  it('random spreads evenly, round-robin takes turns', () => {
    const endpoints = ['a', 'b', 'c', 'd'].map((id) => endpoint(id));
    const counts = (name: string) => {
      const seen: Record<string, number> = {};
      for (let n = 0; n < 4000; n++) {
        const id = chosen(name, input(endpoints, [], n))!;
        seen[id] = (seen[id] ?? 0) + 1;
      }
      return Object.values(seen);
    };
    expect(counts('round-robin')).toEqual([1000, 1000, 1000, 1000]);
    for (const count of counts('random')) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('least-request takes the fewest in flight', () => {
    expect(
      chosen(
        'least-request',
        input([endpoint('a', { inFlightRequests: 2 }), endpoint('b', { inFlightRequests: 1 })]),
      ),
    ).toBe('b');
  });

  it('3-2-2 adds prefix × 3, queue × 2 and free KV × 2', () => {
    const i = input(
      [endpoint('a', { waiting: 4, kvUsage: 0.5 }), endpoint('b', { waiting: 2 }), endpoint('c')],
      [100, 50, 0],
    );
    const { leading, reason } = createPolicy('3-2-2').decide(i);
    expect(leading.map((l) => [l.endpointId, l.total])).toEqual([
      ['b', 1.5 + 1 + 2],
      ['a', 3 + 0 + 1],
      ['c', 0 + 2 + 2],
    ]);
    expect(reason).toMatch(/highest score 4.50 of 3 endpoints .*holds 50 of 100 prompt tokens/);
  });

  it('3-2-2 counts load reserved since the last scrape, unless told not to', () => {
    const i = input([
      endpoint('a', { unseenRequests: 1, unseenTokens: 900 }),
      endpoint('b', { kvUsage: 0.01 }),
    ]);
    expect(chosen('3-2-2', i)).toBe('b');
    expect(chosen('3-2-2', i, { countReserved: false })).toBe('a');
  });

  it('affinity-token-load sticks to the holder until it is 18 s behind', () => {
    const at = (tokens: number) =>
      input([endpoint('holder', { inFlightPrefillTokens: tokens }), endpoint('idle')], [80, 0]);
    expect(chosen('affinity-token-load', at(280_000))).toBe('holder');
    expect(chosen('affinity-token-load', at(290_000))).toBe('idle');
    expect(chosen('affinity-token-load', at(290_000), { affinity: { maxTtftPenaltyMs: 0 } })).toBe('holder');
    const below = input([endpoint('holder', { inFlightPrefillTokens: 100 }), endpoint('idle')], [79, 0]);
    expect(chosen('affinity-token-load', below)).toBe('idle');
    const decision = createPolicy('affinity-token-load').decide(at(0));
    expect(decision.excluded).toEqual({ 'prefix-affinity': 1 });
  });
});
