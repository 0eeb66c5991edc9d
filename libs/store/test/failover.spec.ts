import { afterEach, describe, expect, it } from '@jest/globals';
import { startSentinel, until } from '@penstock/testing';
import type { Redis } from 'ioredis';
import { inspectRedis } from '../src/index.js';
import { Started } from './fleet/servers.js';
import { WrittenFleet } from './fleet/written-fleet.js';

const ENGINES = 40;
const LONGEST_MS = 20_000;
const TEST_TIMEOUT_MS = 90_000;
const started = new Started();
afterEach(() => started.closeAll());

const isInSync = async (replica: Redis) => /master_link_status:up/.test(await replica.info('replication'));

async function replicaOf(master: { readonly port: number }) {
  const server = await started.server();
  const operator = started.operator(server);
  const source = started.operator(master);
  await source.config('SET', 'repl-diskless-sync-delay', '0');
  await operator.call('REPLICAOF', '127.0.0.1', String(master.port));
  await until(() => isInSync(operator), LONGEST_MS);
  // A replica reports to be in sync up to a second before the master sends it what was written since.
  await until(async () => /state=online/.test(await source.info('replication')), LONGEST_MS);
  return { server, operator };
}

describe('RedisBlockStore through a failover', () => {
  it(
    'leaves a master that became a replica, where its address leads elsewhere',
    async () => {
      const master = await started.server();
      const replica = await replicaOf(master);
      const address = await started.address(master);
      const store = await started.store({ urls: [address.url] });
      const fleet = new WrittenFleet(store, ENGINES);
      const epoch = await store.epoch();
      fleet.start();
      await fleet.untilWritten();

      await started.operator(master).call('WAIT', '1', '5000');
      await replica.operator.call('REPLICAOF', 'NO', 'ONE');
      await started.operator(master).call('REPLICAOF', '127.0.0.1', String(replica.server.port));
      // The connection to the old master stays up, and is of no use for writing.
      address.leadTo(replica.server);
      const promotedMs = performance.now();
      await until(() => /READONLY/.test(fleet.errors()), LONGEST_MS);
      await fleet.untilWritten();
      const direct = await started.store({ urls: [replica.server.url] });
      await fleet.converge(direct);
      console.log(`converged ${Math.round(performance.now() - promotedMs)} ms after the promotion`);
      // The replica might have missed something.
      expect(await store.epoch()).not.toBe(epoch);
      expect(store.counters().failed).toBeGreaterThan(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'writes again what the new master never got',
    async () => {
      const master = await started.server();
      const replica = await replicaOf(master);
      const address = await started.address(master);
      const store = await started.store({ urls: [address.url] });
      const fleet = new WrittenFleet(store, ENGINES);
      fleet.tick();
      await fleet.untilWritten();
      await started.operator(master).call('WAIT', '1', '5000');
      // It is promoted while writes still go to the old master: it misses them.
      await replica.operator.call('REPLICAOF', 'NO', 'ONE');
      for (let i = 0; i < 10; i++) {
        fleet.tick();
        await fleet.untilWritten();
      }
      await master.kill();
      address.leadTo(replica.server);
      const diedMs = performance.now();
      const behind = await started.store({ urls: [replica.server.url] });
      const { refused } = store.counters();
      await fleet.converge(behind);
      console.log(`converged ${Math.round(performance.now() - diedMs)} ms after the master's death`);
      expect(store.counters().replaced).toBeGreaterThanOrEqual(ENGINES);
      expect(refused).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'follows Sentinels to the new master when the old one dies',
    async () => {
      const [master, password] = [await started.server(), 'swordfish'];
      const { server: second, operator } = await replicaOf(master);
      for (const client of [started.operator(master), operator]) {
        await client.config('SET', 'masterauth', password);
        await client.config('SET', 'requirepass', password);
      }
      const sentinel = await startSentinel({ name: 'blocks', masterPort: master.port, password });
      started.onClose(() => sentinel.stop());
      const watched = started.operator(sentinel, password);
      await until(
        async () => ((await watched.call('SENTINEL', 'REPLICAS', 'blocks')) as unknown[]).length > 0,
        LONGEST_MS,
      );
      const url = `redis://:${password}@127.0.0.1:${sentinel.port}`;
      const store = await started.store({ urls: [url], sentinel: 'blocks' });
      expect(await inspectRedis({ urls: [url], sentinel: 'blocks' }, 5000)).toMatchObject({ role: 'master' });
      const nobody = inspectRedis({ urls: [url], sentinel: 'nobody' }, 5000);
      await expect(nobody).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ is not reachable/);
      const fleet = new WrittenFleet(store, ENGINES);
      fleet.start();
      await fleet.untilWritten();
      await master.kill();
      const killedMs = performance.now();
      await until(() => fleet.errors() !== '', LONGEST_MS);
      await fleet.untilWritten();
      const direct = await started.store({ urls: [`redis://:${password}@127.0.0.1:${second.port}`] });
      await fleet.converge(direct);
      console.log(`converged ${Math.round(performance.now() - killedMs)} ms after the master's death`);
      expect(fleet.errors()).not.toContain(password);
    },
    TEST_TIMEOUT_MS,
  );
});
