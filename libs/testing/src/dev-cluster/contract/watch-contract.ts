import { expect, it } from '@jest/globals';
import { type KubernetesListObject, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { type ContractCluster, eventually } from './contract-cluster.js';

/** Following changes. */
export function describeWatches(get: () => ContractCluster): void {
  const create = (name: string, labels: Record<string, string> = {}) =>
    get().core.createNamespacedConfigMap({
      namespace: get().namespace,
      body: { metadata: { name, labels } },
    });
  const remove = (name: string) => get().core.deleteNamespacedConfigMap({ namespace: get().namespace, name });
  const path = () => get().path('v1', 'configmaps');
  const relabel = async (name: string, labels: Record<string, string | null>) =>
    get().request(
      'PATCH',
      `${path()}/${name}`,
      { metadata: { labels } },
      { 'content-type': 'application/merge-patch+json' },
    );
  const version = async () =>
    (await get().core.listNamespacedConfigMap({ namespace: get().namespace })).metadata?.resourceVersion ??
    '';

  it('delivers every change after a resourceVersion, in order', async () => {
    const start = await create('w0', { w: 'order' });
    await create('w1', { w: 'order' });
    const { resourceVersion } = start.metadata ?? {};
    const log = await get().watch(path(), { resourceVersion, labelSelector: 'w=order' });
    await relabel('w1', { extra: 'yes' });
    await create('w2', { w: 'order' });
    await remove('w1');
    await log.take(4);
    expect(log.summary).toEqual(['ADDED w1', 'MODIFIED w1', 'ADDED w2', 'DELETED w1']);
    const versions = log.events.map(({ object }) => Number(object.metadata?.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(4);
    log.stop();
  });

  it('starts with the present objects when no resourceVersion is given', async () => {
    await create('present', { w: 'present' });
    const log = await get().watch(path(), { labelSelector: 'w=present' });
    await log.take(1);
    expect(log.summary).toEqual(['ADDED present']);
    log.stop();
  });

  it('shows an object that leaves the selection as deleted', async () => {
    const resourceVersion = await version();
    const log = await get().watch(path(), { resourceVersion, labelSelector: 'w=selected' });
    await create('moving');
    await relabel('moving', { w: 'selected' });
    await relabel('moving', { w: null });
    await log.take(2);
    expect(log.summary).toEqual(['ADDED moving', 'DELETED moving']);
    log.stop();
  });

  it('ends after timeoutSeconds', async () => {
    const log = await get().watch(path(), { resourceVersion: await version(), timeoutSeconds: 1 });
    await eventually(() => expect(log.hasEnded).toBe(true), 5000);
  });

  it('says with a bookmark when the present objects of a streaming list are complete', async () => {
    await create('streamed', { w: 'streamed' });
    const log = await get().watch(path(), {
      labelSelector: 'w=streamed',
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    });
    const [added, bookmark] = await log.take(2);
    expect(added?.type).toBe('ADDED');
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    log.stop();
  });

  it('feeds the informer of the client', async () => {
    const { config, core, namespace } = get();
    const seen: string[] = [];
    const listFn = (): Promise<KubernetesListObject<V1ConfigMap>> =>
      core.listNamespacedConfigMap({ namespace, labelSelector: 'w=informed' });
    const informer = makeInformer(config, path(), listFn, 'w=informed');
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`));
    }
    informer.on('error', () => undefined);
    await create('i1', { w: 'informed' });
    await informer.start();
    await relabel('i1', { more: 'yes' });
    await create('i2', { w: 'informed' });
    await remove('i1');
    await eventually(() => expect(seen).toEqual(['add i1', 'update i1', 'add i2', 'delete i1']));
    expect(informer.list().map((object) => object.metadata?.name)).toEqual(['i2']);
    await informer.stop();
  });
}
