import { afterEach, describe, expect, it } from '@jest/globals';
import { type ManagedServer, until } from '@penstock/testing';
import type { Redis } from 'ioredis';
import { CLUSTER_EPOCH_KEYS, engineKeys } from '../src/redis/redis-keys.js';
import { Started } from './fleet/servers.js';
import { WrittenFleet } from './fleet/written-fleet.js';

const ENGINES = 60;
const LONGEST_MS = 20_000;
const TEST_TIMEOUT_MS = 90_000;
const SLOTS = 16_384;
const PASSWORD = 'swordfish';
const started = new Started();
afterEach(() => started.closeAll());

interface Node {
  readonly server: ManagedServer;
  readonly operator: Redis;
  readonly id: string;
}

async function startNode(): Promise<Node> {
  const server = await started.server({ cluster: true });
  const operator = started.operator(server);
  await operator.call('CLUSTER', 'FLUSHSLOTS');
  const settings = { 'cluster-node-timeout': '500', 'repl-diskless-sync-delay': '0' };
  for (const [name, value] of Object.entries(settings)) await operator.config('SET', name, value);
  return { server, operator, id: String(await operator.call('CLUSTER', 'MYID')) };
}

/** Three masters with a third of the slots each, and a replica of the first. */
async function startCluster(): Promise<{ masters: [Node, Node, Node]; replica: Node; url: string }> {
  const nodes = await Promise.all([1, 2, 3, 4].map(() => startNode()));
  const [first, second, third, replica] = nodes as [Node, Node, Node, Node];
  const masters: [Node, Node, Node] = [first, second, third];
  for (const [i, { operator }] of masters.entries()) {
    const [from, to] = [Math.ceil((SLOTS / 3) * i), Math.ceil((SLOTS / 3) * (i + 1))];
    await operator.cluster('ADDSLOTS', ...Array.from({ length: to - from }, (_, slot) => from + slot));
    await operator.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1)).catch(() => {});
  }
  for (const { server } of nodes.slice(1)) await first.operator.cluster('MEET', '127.0.0.1', server.port);
  const knows = async ({ operator }: Node, text: RegExp) => text.test(await operator.cluster('INFO'));
  for (const node of nodes)
    await until(() => knows(node, /cluster_state:ok[\s\S]*cluster_known_nodes:4/), LONGEST_MS);
  await replica.operator.cluster('REPLICATE', first.id);
  await until(
    async () => /master_link_status:up/.test(await replica.operator.info('replication')),
    LONGEST_MS,
  );
  return { masters, replica, url: `redis://127.0.0.1:${second.server.port}` };
}

describe('RedisBlockStore on a cluster of three masters', () => {
  it(
    'spreads a pool, survives a moving slot, a flushed master and a dead one, and knows one password for all',
    async () => {
      const { masters, replica, url } = await startCluster();
      const [first, second, third] = masters;
      const store = await started.store({ urls: [url], cluster: true });
      const fleet = new WrittenFleet(store, ENGINES);
      fleet.start();
      await fleet.untilWritten();
      for (const { operator } of masters) {
        expect(await operator.keys('penstock:kv:{ns/pool/*:head')).not.toHaveLength(0);
        // Every sixteenth of the slots has an epoch, so every master has.
        await store.epoch();
        expect(await operator.keys('penstock:kv:epoch:*')).not.toHaveLength(0);
      }
      const places = await Promise.all(
        CLUSTER_EPOCH_KEYS.map((key) => first.operator.cluster('KEYSLOT', key)),
      );
      expect(places.map((slot) => Math.floor(slot / (SLOTS / 16)))).toEqual([...places.keys()]);
      const epoch = await store.epoch();
      expect(epoch.split(' ')).toHaveLength(3 + 16);

      const movedMs = await moveSlot(masters);
      await fleet.untilWritten();
      await fleet.converge();
      console.log(`a slot with engines moved in ${movedMs} ms`);
      expect(await store.epoch()).toBe(epoch);

      fleet.start();
      await third.operator.flushall();
      const flushedMs = performance.now();
      const flushedEpoch = await store.epoch();
      expect(flushedEpoch).not.toBe(epoch);
      await fleet.untilWritten();
      await fleet.converge();
      console.log(`converged ${Math.round(performance.now() - flushedMs)} ms after FLUSHALL on one master`);

      fleet.start();
      await first.server.kill();
      const killedMs = performance.now();
      await until(async () => /role:master/.test(await replica.operator.info('replication')), LONGEST_MS);
      await until(async () => /cluster_state:ok/.test(await second.operator.cluster('INFO')), LONGEST_MS);
      await fleet.untilWritten();
      await fleet.converge();
      console.log(`converged ${Math.round(performance.now() - killedMs)} ms after a master's death`);
      expect(await replica.operator.keys('penstock:kv:{ns/pool/*:head')).not.toHaveLength(0);
      expect(await store.epoch()).not.toBe(flushedEpoch);

      for (const { operator } of [second, third, replica])
        await operator.config('SET', 'requirepass', PASSWORD);
      const withPassword = url.replace('redis://', `redis://:${PASSWORD}@`);
      await fleet.converge(await started.store({ urls: [withPassword], cluster: true }));
    },
    TEST_TIMEOUT_MS,
  );
});

/** Moves the slot of engine ns/e0 key by key, as `redis-cli --cluster reshard` does; resolves with the ms. */
async function moveSlot(masters: readonly Node[]): Promise<number> {
  const startedMs = performance.now();
  const [any] = masters as [Node];
  const slot = String(await any.operator.cluster('KEYSLOT', engineKeys('ns', 'pool', 'ns/e0').head));
  const counts = await Promise.all(
    masters.map(({ operator }) => operator.call('CLUSTER', 'COUNTKEYSINSLOT', slot)),
  );
  const from = masters[counts.findIndex((count) => Number(count) > 0)] as Node;
  const to = masters.find((node) => node !== from) as Node;
  await to.operator.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await from.operator.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
  for (;;) {
    const keys = (await from.operator.call('CLUSTER', 'GETKEYSINSLOT', slot, '1')) as string[];
    if (keys.length === 0) break;
    // Writers meet a slot that is half here and half there.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await from.operator.call(
      'MIGRATE',
      '127.0.0.1',
      String(to.server.port),
      '',
      '0',
      '5000',
      'KEYS',
      ...keys,
    );
  }
  for (const { operator } of [to, from, ...masters])
    await operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
  return Math.round(performance.now() - startedMs);
}
