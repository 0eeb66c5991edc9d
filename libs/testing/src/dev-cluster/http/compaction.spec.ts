import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeInformer } from '@kubernetes/client-node';
import { ContractCluster, eventually } from '../contract/contract-cluster.js';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';

/** Not part of the contract suite: a real server cannot be told to compact through its API. */
describe('compacted history', () => {
  let server: DevCluster;
  let cluster: ContractCluster;
  beforeAll(async () => {
    server = await startDevCluster({ nodes: 0 });
    cluster = new ContractCluster(server);
    await cluster.start();
  });
  afterAll(() => cluster?.stop());

  const create = (name: string) =>
    cluster.core.createNamespacedConfigMap({ namespace: cluster.namespace, body: { metadata: { name } } });
  const expired = {
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired', status: 'Failure' },
  };

  it('tells a watch from before that its version is gone, and ends it', async () => {
    const old = await create('old');
    await create('newer');
    server.compact();
    const log = await cluster.watch(cluster.path('v1', 'configmaps'), {
      resourceVersion: old.metadata?.resourceVersion,
    });
    expect((await log.take(1))[0]).toMatchObject(expired);
    await eventually(() => expect(log.hasEnded).toBe(true));
  });

  it('tells a watch from another cluster the same', async () => {
    const log = await cluster.watch(cluster.path('v1', 'configmaps'), { resourceVersion: '999999999' });
    expect((await log.take(1))[0]).toMatchObject(expired);
  });

  it('refuses a continue token from before', async () => {
    for (const name of ['t1', 't2', 't3']) await create(name);
    const page = await cluster.core.listNamespacedConfigMap({ namespace: cluster.namespace, limit: 1 });
    await create('t4');
    server.compact();
    const query = `?limit=1&continue=${encodeURIComponent(page.metadata?._continue ?? '')}`;
    expect(await cluster.request('GET', cluster.path('v1', 'configmaps') + query)).toMatchObject({
      status: 410,
      body: { reason: 'Expired' },
    });
  });

  it("makes the client's informer list again", async () => {
    const { config, core, namespace } = cluster;
    let lists = 0;
    const listFn = () => {
      lists += 1;
      return core.listNamespacedConfigMap({ namespace });
    };
    // A version from before the compaction, as a watch has that was away for long.
    const stale = async () => {
      const list = await listFn();
      if (lists === 1) list.metadata = { ...list.metadata, resourceVersion: '1' };
      return list;
    };
    const informer = makeInformer(config, cluster.path('v1', 'configmaps'), stale);
    informer.on('error', () => undefined);
    await informer.start();
    await eventually(() => expect(lists).toBe(2));
    await create('seen');
    await eventually(() => expect(informer.get('seen', namespace)).toBeDefined());
    await informer.stop();
  });
});
