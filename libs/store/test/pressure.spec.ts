import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { Started } from './fleet/servers.js';
import { WrittenFleet } from './fleet/written-fleet.js';

const LONGEST_MS = 20_000;
const TEST_TIMEOUT_MS = 90_000;
const MIB = 1024 * 1024;
const started = new Started();
afterEach(() => started.closeAll());

describe('RedisBlockStore under pressure', () => {
  it(
    'is refused by a full Redis, says so, and converges when there is room',
    async () => {
      const server = await started.server();
      const operator = started.operator(server);
      const store = await started.store({ urls: [server.url] });
      const fleet = new WrittenFleet(store, 40, 2_000);
      fleet.start();
      await fleet.untilWritten();
      const used = Number(/used_memory:(\d+)/.exec(await operator.info('memory'))?.[1]);
      await operator.config('SET', 'maxmemory-policy', 'noeviction');
      await operator.config('SET', 'maxmemory', String(used + MIB / 4));
      await until(() => /refused: .*OOM command not allowed/.test(fleet.errors()), LONGEST_MS);
      expect(store.counters().failed).toBeGreaterThan(0);
      // What was written before is whole: a refused write changes nothing.
      let engines = 0;
      for await (const _ of store.loadPool('ns', 'pool')) engines++;
      expect(engines).toBe(40);
      expect(store.counters().corrupt).toBe(0);
      await operator.config('SET', 'maxmemory', '0');
      console.log(`converged ${Math.round(await fleet.converge())} ms after Redis had room again`);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'keeps what waits for a slow Redis within its budget, and catches up',
    async () => {
      const server = await started.server();
      const operator = started.operator(server);
      const maxWaitingBytes = 64 * 1024;
      const store = await started.store({ urls: [server.url], commandTimeoutMs: 500, maxWaitingBytes });
      const fleet = new WrittenFleet(store, 100, 100);
      // Deltas fit, whole engines do not: they are what is tried after the first time-out.
      for (let i = 0; i < 35; i++) {
        fleet.tick();
        await fleet.untilWritten();
      }
      fleet.start();
      await operator.call('CLIENT', 'PAUSE', '1500', 'ALL');
      const pausedMs = performance.now();
      await until(
        () => /bytes wait for it already; it is slower than the writes come/.test(fleet.errors()),
        LONGEST_MS,
      );
      await until(() => /did not answer in time/.test(fleet.errors()), LONGEST_MS);
      const waiting = [...fleet.errors().matchAll(/(\d+) bytes wait/g)].map(([, bytes]) => Number(bytes));
      expect(Math.max(...waiting)).toBeLessThanOrEqual(maxWaitingBytes);
      await fleet.converge();
      console.log(`converged ${Math.round(performance.now() - pausedMs - 1500)} ms after the pause`);
      expect(store.counters().failed).toBeGreaterThan(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'reads a whole pool from a Redis that hangs for a while, and says so when it is gone',
    async () => {
      const server = await started.server();
      const operator = started.operator(server);
      const store = await started.store({ urls: [server.url], commandTimeoutMs: 200 });
      const fleet = new WrittenFleet(store, 100, 200);
      fleet.tick();
      await fleet.untilWritten();
      const read: string[] = [];
      for await (const { engineId } of store.loadPool('ns', 'pool')) {
        if (read.push(engineId) === 10) await operator.call('CLIENT', 'PAUSE', '500', 'ALL');
      }
      expect(read.sort()).toEqual(fleet.engines.map(({ engineId }) => engineId).sort());
      expect(store.counters().failed).toBeGreaterThan(0);
      await server.kill();
      const nothing = async () => {
        for await (const _ of store.loadPool('ns', 'pool')) throw new Error('an engine came from nowhere');
      };
      await expect(nothing()).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ is not connected/);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'starts over when Redis is flushed under load, with the same connection',
    async () => {
      const server = await started.server();
      const operator = started.operator(server);
      const store = await started.store({
        urls: [server.url],
        foldAboveBytes: 512,
        commandTimeoutMs: 10_000,
      });
      const fleet = new WrittenFleet(store, 100, 200);
      fleet.start();
      const epochs = new Set<string>();
      for (let i = 0; i < 3; i++) {
        await fleet.untilWritten();
        epochs.add(await store.epoch());
        const { folded, replaced } = store.counters();
        await until(() => store.counters().folded > folded, LONGEST_MS);
        await operator.flushall();
        await until(() => store.counters().replaced >= replaced + 100, LONGEST_MS);
      }
      epochs.add(await store.epoch());
      expect(epochs.size).toBe(4);
      console.log(`converged ${Math.round(await fleet.converge())} ms after the last write`);
      expect(fleet.errors()).toBe('');
      expect(store.counters().corrupt).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'converges after a restart that lost everything, by itself',
    async () => {
      const server = await started.server();
      const store = await started.store({ urls: [server.url] });
      const fleet = new WrittenFleet(store, 100, 200);
      fleet.start();
      await fleet.untilWritten();
      const epoch = await store.epoch();
      await server.restart({ wipe: true });
      const restartedMs = performance.now();
      await until(
        () =>
          store.epoch().then(
            (now) => now !== epoch,
            () => false,
          ),
        LONGEST_MS,
      );
      await fleet.untilWritten();
      await fleet.converge();
      console.log(`converged ${Math.round(performance.now() - restartedMs)} ms after the restart`);
    },
    TEST_TIMEOUT_MS,
  );
});
