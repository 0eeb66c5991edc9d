import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_SCALING_OPTIONS,
  EMPTY_POOL_STATE,
  type PoolInput,
  type PoolState,
  recommendPool,
} from './index.js';
import { SimulatedPool } from './simulated-pool.js';

const options = DEFAULT_SCALING_OPTIONS;
const variant = {
  key: 'ns/a',
  role: 'both' as const,
  cost: 10,
  minReplicas: 1,
  maxReplicas: 10,
  writable: true,
  kvTokens: 1000,
};
const dear = { ...variant, key: 'ns/b', cost: 30 };
const world = (
  variants: Array<typeof variant> = [variant],
  start: Record<string, number> = { 'ns/a': 1 },
  startMs = 0,
) => new SimulatedPool({ variants, startMs, requestTokens: 100 }, start);

/** Follows every recommendation once a second. */
class Loop {
  state: PoolState = EMPTY_POOL_STATE;
  readonly log: string[] = [];

  constructor(readonly pool: SimulatedPool) {}

  step(input: PoolInput, follow = true) {
    const { decisions, state } = recommendPool(input, this.state, options);
    this.state = state;
    for (const { key, current, desired, code } of decisions) {
      if (desired !== current) this.log.push(`${key} ${current}→${desired} ${code}`);
      if (follow && desired !== current) this.pool.scale(key, desired);
    }
    this.pool.nowMs += 1000;
    return decisions;
  }

  run(seconds: number, tokens: number, over = {}): string[] {
    const from = this.log.length;
    for (let i = 0; i < seconds; i++) this.step(this.pool.input(tokens, over));
    return this.log.slice(from);
  }
}

describe('recommendPool', () => {
  it('adds what is missing at once', () => {
    // 1 × 800 tokens of capacity; 2,000 / 0.85 = 2,353 are needed: two more replicas.
    const [decision] = recommendPool(world().input(2000), EMPTY_POOL_STATE, options).decisions;
    expect(decision).toMatchObject({ current: 1, desired: 3, code: 'scale-up' });
    expect(decision?.values).toMatchObject({ demandTokens: 2000, supplyTokens: 800 });
    expect(decision?.values.requiredTokens).toBeCloseTo(2000 / 0.85 - 800);
    expect(decision?.reason).toBe(
      '1 → 3: demand of 2,000 KV tokens at 85 % exceeds the 800 that ready and coming replicas of the role carry',
    );
  });

  it('counts on replicas that are coming, but not on those that never come', () => {
    const loop = new Loop(world([variant, dear], { 'ns/a': 1, 'ns/b': 1 }, 3_600_000));
    expect(loop.run(599, 3000)).toEqual(['ns/a 1→4 scale-up']);
    // Ten minutes later the three are given up on, and the dear variant takes their place.
    expect(loop.run(10, 3000)).toEqual(['ns/b 1→4 scale-up']);
  });

  it('never freezes scale-down because of replicas that do not come', () => {
    const loop = new Loop(world([variant, dear], { 'ns/a': 2, 'ns/b': 3 }, 3_600_000));
    loop.pool.scale('ns/a', 5);
    expect(loop.run(700, 500).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'ns/a 5→2',
      'ns/b 3→2',
      'ns/b 2→1',
      'ns/a 2→1',
    ]);
  });

  it('removes the dearest first, one per window, and only if the rest would carry the load', () => {
    const loop = new Loop(world([variant, dear], { 'ns/a': 2, 'ns/b': 2 }));
    // 1,500 / 0.7 = 2,143 tokens fit three replicas of 800, but not two.
    expect(loop.run(59, 1500)).toEqual([]);
    expect(loop.run(600, 1500)).toEqual(['ns/b 2→1 scale-down']);
    // 1,000 / 0.7 = 1,429 fit two.
    expect(loop.run(59, 1000)).toEqual([]);
    expect(loop.run(600, 1000)).toEqual(['ns/a 2→1 scale-down']);
  });

  it('scales idle engines down to the minimum, and to zero only after ten minutes without a request', () => {
    const idle = { inFlight: 0, held: 0, requests: 0 };
    const one = new Loop(world([variant], { 'ns/a': 3 }));
    expect(one.run(900, 0, { ...idle, idleForMs: 599_000 })).toEqual([
      'ns/a 3→2 scale-down',
      'ns/a 2→1 scale-down',
    ]);
    expect(one.run(900, 0, { ...idle, idleForMs: 3_600_000 })).toEqual([]);
    const zero = new Loop(world([{ ...variant, minReplicas: 0 }], { 'ns/a': 1 }));
    expect(zero.run(900, 0, { ...idle, idleForMs: 599_000 })).toEqual([]);
    expect(zero.run(10, 0, { ...idle, idleForMs: 601_000 })).toEqual(['ns/a 1→0 idle']);
    expect(zero.step(zero.pool.input(0, idle))[0]).toMatchObject({ code: 'asleep', desired: 0 });
    const arriving = new Loop(world([{ ...variant, minReplicas: 0 }], { 'ns/a': 1 }));
    expect(arriving.run(900, 0, { ...idle, requests: 1, idleForMs: 601_000 })).toEqual([]);
  });

  it('wakes exactly one variant, the cheapest, and waits for it', () => {
    const asleep = { minReplicas: 0 };
    const loop = new Loop(
      world(
        [
          { ...dear, ...asleep },
          { ...variant, ...asleep },
        ],
        {},
        90_000,
      ),
    );
    expect(loop.run(60, 50_000)).toEqual(['ns/a 0→1 wake']);
    expect(loop.step(loop.pool.input(50_000)).map((d) => d.code)).toEqual(['hold-starting', 'hold-starting']);
  });

  it('wakes another one when the first does not come', () => {
    const asleep = { minReplicas: 0 };
    const loop = new Loop(
      world(
        [
          { ...dear, ...asleep },
          { ...variant, ...asleep },
        ],
        {},
        3_600_000,
      ),
    );
    expect(loop.run(620, 100)).toEqual(['ns/a 0→1 wake', 'ns/b 0→1 wake']);
  });

  it('wakes one variant of each role of a split pool, and none of another set', () => {
    const role = (key: string, name: 'prefill' | 'decode' | 'both' | 'batch', cost: number) => ({
      ...variant,
      key,
      role: name as 'both',
      cost,
      minReplicas: 0,
    });
    const variants = [
      role('ns/b', 'both', 21),
      role('ns/d', 'decode', 10),
      role('ns/p', 'prefill', 10),
      role('ns/x', 'batch', 1),
    ];
    expect(new Loop(world(variants, {}, 90_000)).run(5, 500)).toEqual(['ns/d 0→1 wake', 'ns/p 0→1 wake']);
    const foreign = { ...role('ns/b', 'both', 1), writable: false };
    expect(new Loop(world([foreign, ...variants.slice(1)], {}, 90_000)).run(5, 500)).toEqual([
      'ns/d 0→1 wake',
      'ns/p 0→1 wake',
    ]);
    variants[0] = role('ns/b', 'both', 19);
    expect(new Loop(world(variants, {}, 90_000)).run(5, 500)).toEqual(['ns/b 0→1 wake']);
  });

  it('holds while nothing is known, and says why', () => {
    const pool = world();
    const known = pool.input(5000);
    const say = (input: PoolInput) => {
      const [decision] = recommendPool(input, EMPTY_POOL_STATE, options).decisions;
      return [decision?.desired, decision?.code, decision?.reason];
    };
    const { demand, ...silent } = known;
    expect(say(silent)).toEqual([
      1,
      'hold-no-demand',
      'held: no scheduler has reported demand for this pool',
    ]);
    expect(say({ ...known, demand: { ...demand!, schedulers: 0, reportAgeMs: 9000 } })).toEqual([
      1,
      'hold-no-demand',
      'held: the last report of demand is 9 s old',
    ]);
    expect(say({ ...known, demand: { ...demand!, engines: [], dropped: { 'stale-engine': 1 } } })).toEqual([
      1,
      'hold-no-metrics',
      'held: the load of 0 % of the ready replicas is known, 50 % are needed (left out: 1 stale-engine)',
    ]);
    const sizeless = demand!.engines.map((engine) => ({ ...engine, kvCapacityTokens: 0, waiting: 9 }));
    expect(say({ ...known, demand: { ...demand!, engines: sizeless } })).toEqual([
      1,
      'hold-no-capacity',
      'held: no engine says how many tokens its KV cache holds',
    ]);
  });

  it('cancels replicas that are coming when demand fell, even without engine figures', () => {
    const loop = new Loop(world([variant], { 'ns/a': 1 }, 3_600_000));
    expect(loop.run(5, 100)).toEqual([]);
    loop.pool.scale('ns/a', 4);
    const blind = { engines: [], inFlight: 2 };
    expect(loop.run(60, 0, blind)).toEqual([]);
    expect(loop.run(10, 0, blind)).toEqual(['ns/a 4→1 cancel-pending']);
    expect(loop.run(600, 0, blind)).toEqual([]);
  });

  it('goes up at most by the step of a period', () => {
    const big = { ...variant, maxReplicas: 1000 };
    const loop = new Loop(world([big], { 'ns/a': 1 }));
    expect(loop.run(59, 1_000_000)).toEqual(['ns/a 1→5 scale-up']);
    expect(loop.step(loop.pool.input(1_000_000))[0]?.code).toBe('step-limit');
    expect(loop.run(60, 1_000_000)).toEqual(['ns/a 5→10 scale-up']);
  });

  it('keeps the limits of a variant whatever is known', () => {
    const limits = { minReplicas: 2, maxReplicas: 3 };
    const { demand: _, ...silent } = world([{ ...variant, ...limits }], { 'ns/a': 7 }).input(0);
    expect(recommendPool(silent, EMPTY_POOL_STATE, options).decisions[0]).toMatchObject({
      desired: 3,
      code: 'above-max',
    });
    const { demand: __, ...few } = world([{ ...variant, ...limits }], {}).input(0);
    expect(recommendPool(few, EMPTY_POOL_STATE, options).decisions[0]).toMatchObject({
      desired: 2,
      code: 'below-min',
    });
  });

  it('learns from saturated engines that they carry less than their KV cache holds', () => {
    const loop = new Loop(world([variant], { 'ns/a': 1 }));
    const busy = loop.pool.input(0);
    const engines = busy.demand!.engines.map((e) => ({ ...e, kvUsage: 0.3, running: 8, waiting: 6 }));
    const saturated = () => ({ ...busy, nowMs: loop.pool.nowMs, demand: { ...busy.demand!, engines } });
    // (300 + 6 × 10) / 0.85 is less than 800: only the observed bound of 300 shows that more is needed.
    const small = { ...saturated().demand, meanInputTokens: 10 };
    for (let i = 0; i < 3; i++) {
      expect(loop.step({ ...saturated(), demand: small }, false)[0]?.desired).toBe(1);
    }
    loop.step({ ...saturated(), demand: small }, false);
    expect(loop.step({ ...saturated(), demand: small }, false)[0]).toMatchObject({
      desired: 2,
      code: 'scale-up',
      figures: { computeBoundTokens: 300, kvBoundTokens: 800, capacityTokens: 300 },
    });
    // The same engine carries twice as much without a queue: the bound was none.
    const calm = engines.map((e) => ({ ...e, kvUsage: 0.6, waiting: 0 }));
    loop.step({ ...saturated(), demand: { ...small, engines: calm } }, false);
    expect(
      loop.step({ ...saturated(), demand: { ...small, engines: calm } }, false)[0]?.figures,
    ).not.toHaveProperty('computeBoundTokens');
  });

  it('takes a replica without data as full before another one is removed, and does not let it block for ever', () => {
    const loop = new Loop(world([variant], { 'ns/a': 4 }));
    const blind = (tokens: number) => {
      const input = loop.pool.input(tokens);
      return { ...input, demand: { ...input.demand!, engines: input.demand!.engines.slice(1) } };
    };
    for (let i = 0; i < 200; i++) loop.step(blind(0));
    // One unknown counts 800 tokens: 800 / 0.7 needs two replicas; with two the unknown one is half of them.
    expect(loop.log).toEqual(['ns/a 4→3 scale-down', 'ns/a 3→2 scale-down']);
  });

  it('recommends for a variant it may not scale, after those it may', () => {
    const foreign = { ...variant, key: 'ns/0', writable: false, cost: 1 };
    const { decisions } = recommendPool(
      world([foreign, variant], { 'ns/0': 1, 'ns/a': 1 }).input(2000),
      EMPTY_POOL_STATE,
      options,
    );
    expect(decisions.map((d) => [d.key, d.desired])).toEqual([
      ['ns/0', 1],
      ['ns/a', 2],
    ]);
    expect(
      recommendPool(world([foreign], { 'ns/0': 1 }).input(2000), EMPTY_POOL_STATE, options).decisions[0]
        ?.desired,
    ).toBe(3);
  });

  it('takes a draining replica back before it starts another', () => {
    const pool = world([variant, dear], { 'ns/a': 1, 'ns/b': 2 });
    const input = pool.input(2000);
    const draining = input.variants.map((v) =>
      v.key === 'ns/b' ? { ...v, replicas: v.replicas.map((r, i) => ({ ...r, draining: i === 0 })) } : v,
    );
    const { decisions } = recommendPool({ ...input, variants: draining }, EMPTY_POOL_STATE, options);
    expect(decisions.map((d) => [d.key, d.current, d.desired])).toEqual([
      ['ns/a', 1, 1],
      ['ns/b', 1, 2],
    ]);
  });
});
