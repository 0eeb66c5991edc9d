import { describe, expect, it } from '@jest/globals';
import { podCliqueSetKind, podKind } from '@penstock/contracts';
import { FakeClock, FakeCluster, until } from '@penstock/testing';
import pino from 'pino';
import { WorkloadControllers } from '../../src/controllers/workload-controllers.js';
import { clique, NAMESPACE, podCliqueSet } from './workload-lab.js';

const config = { schedulerName: 'penstock-gang-placer', startupGateImage: 'gate' };
const make = (cluster: FakeCluster) =>
  new WorkloadControllers({ cluster, clock: new FakeClock(), logger: pino({ level: 'silent' }), config });
const pods = (cluster: FakeCluster) => cluster.list(podKind, { namespace: NAMESPACE });
const pause = () => new Promise((resolve) => setTimeout(resolve, 60));

describe('the workload controllers', () => {
  it('watch without leading, and write only while they lead', async () => {
    const cluster = new FakeCluster();
    const controllers = make(cluster);
    await cluster.create(podCliqueSetKind, podCliqueSet({ cliques: [clique('a', { replicas: 3 })] }));
    await pause();
    expect(controllers.unsynced()).toEqual([]);
    expect(await pods(cluster)).toEqual([]);

    let held = true;
    controllers.lead({ transitions: 1, isHeld: () => held });
    await until(async () => (await pods(cluster)).length === 3);
    await until(() => controllers.pending === 0);

    // The term has ended, and nobody has said so yet: another replica may lead by now.
    held = false;
    const [pod] = await pods(cluster);
    await cluster.delete(podKind, NAMESPACE, pod?.metadata.name ?? '');
    await pause();
    expect(await pods(cluster)).toHaveLength(2);

    await controllers.yield();
    controllers.lead({ transitions: 3, isHeld: () => true });
    await until(async () => (await pods(cluster)).length === 3);
    await controllers.yield();
    await controllers.close();
  });

  it('do nothing before everything they read was listed', async () => {
    const cluster = new FakeCluster();
    await cluster.create(podCliqueSetKind, podCliqueSet({ cliques: [clique('a')] }));
    cluster.disconnect();
    const controllers = make(cluster);
    controllers.lead({ transitions: 1, isHeld: () => true });
    await pause();
    expect(controllers.unsynced()).toEqual(expect.arrayContaining(['sets', 'cliques', 'pods']));
    expect(controllers.pending).toBe(0);
    cluster.reconnect();
    await until(async () => (await pods(cluster)).length === 1);
    await controllers.yield();
    await controllers.close();
  });
});
