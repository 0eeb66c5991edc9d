import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fleetEndpoint, fleetOf, fleetPool } from '../../test/fleet-builder.js';
import type { FleetPool } from './fleet.js';
import { WaitForEngine, type WaitOutcome } from './wait-for-engine.js';

describe('WaitForEngine', () => {
  let nowMs: number;
  let pools: FleetPool[];
  let waits: WaitForEngine;
  let ended: Array<readonly [string, WaitOutcome]>;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    nowMs = 0;
    pools = [fleetPool('p'), fleetPool('q')];
    ended = [];
    waits = open({});
  });
  afterEach(() => {
    waits.stop();
    jest.useRealTimers();
  });

  const open = (limits: object) =>
    new WaitForEngine({
      fleet: fleetOf(() => pools),
      clock: { nowMs: () => nowMs },
      onEnd: (pool, outcome) => ended.push([pool, outcome]),
      maxRequests: 100,
      maxBytes: 10_000,
      maxWaitMs: 1000,
      ...limits,
    });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 20) {
      nowMs += 20;
      await jest.advanceTimersByTimeAsync(20);
    }
  };
  const enter = (pool: string, signal = new AbortController().signal, facts: object = {}) =>
    waits.wait(fleetPool(pool), {
      targetModel: 'm',
      promptTokens: 10,
      bodyBytes: 100,
      sinceMs: nowMs,
      signal,
      ...facts,
    });

  it('lets requests go in order, some per engine and look, once one is usable', async () => {
    const order: number[] = [];
    for (let i = 0; i < 40; i++) void enter('p').then(() => order.push(i));
    void enter('q');
    await pass(100);
    expect(order).toEqual([]);
    // Ready, but not asked yet: it may still be loading its model.
    pools = [fleetPool('p', fleetEndpoint({ answers: false })), fleetPool('q')];
    await pass(40);
    expect(order).toEqual([]);
    pools = [fleetPool('p', fleetEndpoint(), fleetEndpoint({ excluded: 'not-ready' })), fleetPool('q')];
    await pass(20);
    expect(order).toEqual(Array.from({ length: 16 }, (_, i) => i));
    await pass(40);
    expect(order).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect([...waits.pools()]).toEqual([['ns/q', 1]]);
  });

  it('tells the first of a pool, what is held per model, and its bytes', async () => {
    const first: string[] = [];
    waits.onFirst = (namespace, pool) => first.push(`${namespace}/${pool}`);
    void enter('p');
    void enter('p', undefined, { targetModel: 'ada', promptTokens: 7 });
    void enter('p');
    expect(first).toEqual(['ns/p']);
    expect(Object.fromEntries(waits.held('ns', 'p'))).toEqual({
      m: { requests: 2, tokens: 20 },
      ada: { requests: 1, tokens: 7 },
    });
    expect([waits.requests, waits.bytes]).toEqual([3, 300]);
    expect([waits.isHolding(fleetPool('p')), waits.isHolding(fleetPool('q'))]).toEqual([true, false]);
  });

  it('ends a wait by time, by the client, by a full room and by a stop', async () => {
    waits = open({ maxRequests: 2, maxWaitMs: 200 });
    const gone = new AbortController();
    const outcomes = Promise.all([enter('p'), enter('p', gone.signal), enter('p')]);
    gone.abort();
    await pass(240);
    expect(await outcomes).toEqual(['timed-out', 'client-gone', 'full']);
    const last = enter('p');
    waits.stop();
    expect(await last).toBe('stopping');
    expect(await enter('p')).toBe('stopping');
    expect(await enter('p', AbortSignal.abort())).toBe('stopping');
    expect(ended.map(([, outcome]) => outcome)).toEqual([
      'full',
      'client-gone',
      'timed-out',
      'stopping',
      'stopping',
      'stopping',
    ]);
    expect(waits.requests).toBe(0);
  });

  it('gives up for a larger queue, and does not wait for who left before', async () => {
    waits = open({ maxRequests: 3 });
    const outcomes = [enter('p'), enter('p'), enter('p')];
    void enter('q');
    expect(await outcomes[2]).toBe('full');
    expect(await enter('q', AbortSignal.abort())).toBe('client-gone');
    expect([...waits.pools()]).toEqual([
      ['ns/p', 2],
      ['ns/q', 1],
    ]);
  });

  it('takes back a request that was let go too early, before those that came after it', async () => {
    const order: string[] = [];
    void enter('p').then(() => order.push('late'));
    void enter('p', undefined, { sinceMs: -50 }).then(() => order.push('early'));
    pools = [fleetPool('p', fleetEndpoint())];
    await pass(20);
    expect(order).toEqual(['early', 'late']);
    // Its time runs from when it first came.
    pools = [fleetPool('p')];
    const again = enter('p', undefined, { sinceMs: nowMs - 990 });
    await pass(20);
    expect(await again).toBe('timed-out');
  });

  it('keeps no timer when nobody waits', async () => {
    const gone = new AbortController();
    void enter('p', gone.signal);
    gone.abort();
    await pass(20);
    expect(jest.getTimerCount()).toBe(0);
  });
});
