import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ClusterError } from '@penstock/core/ports';
import fc from 'fast-check';
import { eventually } from '../../test/eventually.js';
import { WorkQueue } from './work-queue.js';

const fast = { initialMs: 1, maxMs: 8 };

describe('WorkQueue', () => {
  it('runs a key once however often it was added before', async () => {
    const ran: string[] = [];
    const queue = new WorkQueue({
      reconcile: async (key) => {
        ran.push(key);
        return undefined;
      },
    });
    for (let i = 0; i < 5; i++) queue.add('a');
    queue.add('b');
    await eventually(
      () => queue.size,
      (n) => n === 0,
    );
    // The first add starts at once; the other four become one more run.
    expect(ran.sort()).toEqual(['a', 'a', 'b']);
    await queue.stop();
  });

  it('runs a key again when it was added while it ran, never twice at the same time', async () => {
    let running = 0;
    let runs = 0;
    const queue = new WorkQueue({
      concurrency: 4,
      reconcile: async () => {
        expect(++running).toBe(1);
        runs++;
        await sleep(20);
        running--;
        return undefined;
      },
    });
    queue.add('a');
    await sleep(5);
    queue.add('a');
    queue.add('a');
    await eventually(
      () => queue.size,
      (n) => n === 0,
    );
    expect(runs).toBe(2);
    await queue.stop();
  });

  it('works on at most `concurrency` keys', async () => {
    let running = 0;
    let most = 0;
    const queue = new WorkQueue({
      concurrency: 3,
      reconcile: async () => {
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
        return undefined;
      },
    });
    for (let i = 0; i < 12; i++) queue.add(`k${i}`);
    await eventually(
      () => queue.size,
      (n) => n === 0,
    );
    expect(most).toBe(3);
    await queue.stop();
  });

  it('backs a failing key off, ever longer, and starts over after a success', async () => {
    const delays: number[] = [];
    let failures = 5;
    const queue = new WorkQueue({
      backoff: { initialMs: 4, maxMs: 1000 },
      reconcile: async () => {
        if (failures-- > 0) throw new Error('not yet');
        return undefined;
      },
      onError: (_key, _error, retryInMs) => delays.push(retryInMs),
    });
    queue.add('a');
    await eventually(
      () => queue.size,
      (n) => n === 0,
    );
    delays.forEach((delay, i) => {
      expect(delay).toBeGreaterThanOrEqual(2 * 2 ** i);
      expect(delay).toBeLessThanOrEqual(4 * 2 ** i);
    });
    expect(delays).toHaveLength(5);
    failures = 1;
    queue.add('a');
    await eventually(
      () => delays.length,
      (n) => n === 6,
    );
    expect(delays[5]).toBeLessThanOrEqual(4);
    await queue.stop();
  });

  it('waits as long as the API asks for', async () => {
    let retryInMs = 0;
    const queue = new WorkQueue({
      backoff: fast,
      reconcile: async () => {
        throw new ClusterError('throttled', 'slow down', 429, 5000);
      },
      onError: (_key, _error, ms) => {
        retryInMs = ms;
      },
    });
    queue.add('a');
    await eventually(
      () => retryInMs,
      (ms) => ms > 0,
    );
    expect(retryInMs).toBe(5000);
    await queue.stop();
  });

  it('does not spin on a key that fails and is added all the time', async () => {
    let runs = 0;
    const queue: WorkQueue = new WorkQueue({
      backoff: { initialMs: 40, maxMs: 40 },
      reconcile: async () => {
        runs++;
        queue.add('a');
        throw new Error('bad');
      },
    });
    queue.add('a');
    await sleep(200);
    expect(runs).toBeGreaterThan(2);
    expect(runs).toBeLessThan(12);
    await queue.stop();
  });

  it('comes back to a key when it is asked to', async () => {
    const at: number[] = [];
    const queue = new WorkQueue({
      reconcile: async () => (at.push(performance.now()) < 2 ? { againInMs: 30 } : undefined),
    });
    queue.add('a');
    await eventually(
      () => at.length,
      (n) => n === 2,
    );
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(28);
    await queue.stop();
  });

  it('stops: waits for what runs, starts nothing more', async () => {
    let ended = 0;
    const queue = new WorkQueue({
      reconcile: async () => {
        await sleep(30);
        ended++;
        return undefined;
      },
    });
    queue.add('a');
    queue.add('b');
    await queue.stop();
    queue.add('c');
    await sleep(50);
    expect(ended).toBe(1);
  });

  it('sees the newest state of every key in the end, whatever fails on the way', async () => {
    const anAdd = fc.record({ key: fc.constantFrom('a', 'b', 'c'), waitMs: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anAdd, { minLength: 1, maxLength: 12 }),
        fc.array(fc.boolean(), { maxLength: 12 }),
        async (adds, failing) => {
          const wanted = new Map<string, number>();
          const seen = new Map<string, number>();
          const failures = [...failing];
          const queue = new WorkQueue({
            concurrency: 2,
            backoff: fast,
            reconcile: async (key) => {
              const read = wanted.get(key) ?? 0;
              await sleep(1);
              if (failures.pop() === true) throw new Error('fails');
              seen.set(key, read);
              return undefined;
            },
          });
          for (const { key, waitMs } of adds) {
            wanted.set(key, (wanted.get(key) ?? 0) + 1);
            queue.add(key);
            if (waitMs > 0) await sleep(waitMs);
          }
          await eventually(
            () => queue.size,
            (n) => n === 0,
          );
          expect(seen).toEqual(wanted);
          await queue.stop();
        },
      ),
      { numRuns: 25 },
    );
  });
});
