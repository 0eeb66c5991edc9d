import { describe, expect, it } from '@jest/globals';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { FakeCluster } from './fake-cluster.js';
import { matchesSelector } from './label-selector.js';

interface Thing extends ClusterObject {
  spec?: { size: number; note?: string };
  status?: { ready: boolean };
}
const THING: ResourceKind<Thing> = {
  group: 'g',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
};
const thing = (name: string, over: Partial<Thing> = {}): Thing => ({
  apiVersion: 'g/v1',
  kind: 'Thing',
  metadata: { name, namespace: 'ns', labels: { app: name } },
  spec: { size: 1 },
  ...over,
});

describe('FakeCluster', () => {
  it('keeps the rules of versions, generations and status', async () => {
    const cluster = new FakeCluster();
    const created = await cluster.create(THING, thing('a'));
    expect(created.metadata).toMatchObject({ generation: 1, uid: expect.any(String) });
    await expect(cluster.create(THING, thing('a'))).rejects.toMatchObject({
      reason: 'already-exists',
      status: 409,
    });
    const status = { ...thing('a'), status: { ready: true } };
    const withStatus = await cluster.apply(THING, status, { subresource: 'status' });
    expect(withStatus.metadata.generation).toBe(1);
    const grown = await cluster.mergePatch(THING, 'ns', 'a', { spec: { size: 2 }, status: { ready: false } });
    expect(grown).toMatchObject({ spec: { size: 2 }, status: { ready: true }, metadata: { generation: 2 } });
    expect(grown.metadata.uid).toBe(created.metadata.uid);
    await expect(cluster.apply(THING, created)).rejects.toMatchObject({ reason: 'conflict' });
    await expect(cluster.mergePatch(THING, 'ns', 'b', {})).rejects.toMatchObject({ reason: 'not-found' });
    grown.spec = { size: 99 };
    expect((await cluster.get(THING, 'ns', 'a'))?.spec?.size).toBe(2);
  });

  it('informs about what the selector covers, through changes, deletions and outages', async () => {
    const cluster = new FakeCluster();
    await cluster.create(THING, thing('a'));
    const log: string[] = [];
    const informer = cluster.inform(
      THING,
      { namespace: 'ns', labelSelector: 'app in (a,b)' },
      {
        onUpsert: (object) => log.push(`+${object.metadata.name}`),
        onDelete: (object) => log.push(`-${object.metadata.name}`),
        onSync: () => log.push('sync'),
      },
    );
    await null;
    await cluster.create(THING, thing('b'));
    await cluster.create(THING, thing('c'));
    await cluster.mergePatch(THING, 'ns', 'a', { metadata: { labels: { app: 'z' } } });
    expect(log.splice(0)).toEqual(['+a', 'sync', '+b', '-a']);
    cluster.disconnect();
    await expect(cluster.list(THING, {})).rejects.toMatchObject({ reason: 'unavailable' });
    expect(informer.list().map((object) => object.metadata.name)).toEqual(['b']);
    cluster.reconnect();
    await cluster.delete(THING, 'ns', 'b');
    expect(log).toEqual(['sync', '-b']);
    await informer.stop();
  });

  it('deletes only when the last finalizer is gone', async () => {
    const cluster = new FakeCluster();
    await cluster.create(THING, thing('a', { metadata: { name: 'a', namespace: 'ns', finalizers: ['f'] } }));
    await cluster.delete(THING, 'ns', 'a');
    expect((await cluster.get(THING, 'ns', 'a'))?.metadata.deletionTimestamp).toBeTruthy();
    await cluster.mergePatch(THING, 'ns', 'a', { metadata: { finalizers: [] } });
    expect(await cluster.get(THING, 'ns', 'a')).toBeUndefined();
  });

  it('replaces only what was read, and deletes only the life that is meant', async () => {
    const cluster = new FakeCluster();
    const read = await cluster.create(THING, thing('a'));
    await cluster.update(THING, { ...read, spec: { size: 2 } });
    await expect(cluster.update(THING, read)).rejects.toMatchObject({ reason: 'conflict' });
    await expect(cluster.delete(THING, 'ns', 'a', { uid: 'other' })).rejects.toMatchObject({
      reason: 'conflict',
    });
    await cluster.delete(THING, 'ns', 'a', { uid: read.metadata.uid ?? '' });
    expect(await cluster.get(THING, 'ns', 'a')).toBeUndefined();
  });

  it('takes dependents away with their owner, unless they are to be orphans', async () => {
    const cluster = new FakeCluster();
    for (const [owner, propagation] of [
      ['a', 'Background'],
      ['b', 'Orphan'],
    ] as const) {
      const { metadata } = await cluster.create(THING, thing(owner));
      const reference = { apiVersion: 'g/v1', kind: 'Thing', name: owner, uid: metadata.uid ?? '' };
      const child = thing(`${owner}-child`);
      child.metadata.ownerReferences = [reference];
      await cluster.create(THING, child);
      await cluster.delete(THING, 'ns', owner, { propagation });
    }
    expect((await cluster.list(THING, {})).map(({ metadata }) => metadata.name)).toEqual(['b-child']);
  });

  it('binds a pod once, when nothing holds it back', async () => {
    const cluster = new FakeCluster();
    const pods: ResourceKind<Thing> = {
      group: '',
      version: 'v1',
      plural: 'pods',
      kind: 'Pod',
      namespaced: true,
    };
    const gated = { ...thing('p'), spec: { size: 1, schedulingGates: [{ name: 'g' }] } };
    const { metadata } = await cluster.create(pods, gated);
    const pod = { namespace: 'ns', name: 'p', uid: metadata.uid ?? '' };
    await expect(cluster.bindPod(pod, 'n1')).rejects.toThrow('schedulingGates');
    await cluster.mergePatch(pods, 'ns', 'p', { spec: { schedulingGates: null } });
    await expect(cluster.bindPod({ ...pod, uid: 'x' }, 'n1')).rejects.toMatchObject({ reason: 'conflict' });
    await cluster.bindPod(pod, 'n1');
    await expect(cluster.bindPod(pod, 'n2')).rejects.toThrow('already assigned to node "n1"');
    expect(await cluster.list(pods, { fieldSelector: 'spec.nodeName=n1' })).toHaveLength(1);
    expect(await cluster.list(pods, { fieldSelector: 'spec.nodeName!=n1' })).toEqual([]);
  });

  it('scales and records events', async () => {
    const cluster = new FakeCluster();
    const regarding = await cluster.create(THING, thing('a'));
    const scale = await cluster.writeScale(THING, 'ns', 'a', 4);
    expect(scale).toMatchObject({ replicas: 4, observedReplicas: 0, selector: '' });
    const stale = { resourceVersion: regarding.metadata.resourceVersion ?? '' };
    await expect(cluster.writeScale(THING, 'ns', 'a', 5, stale)).rejects.toMatchObject({
      reason: 'conflict',
    });
    expect(await cluster.readScale(THING, 'ns', 'b')).toBeUndefined();
    cluster.recordEvent({ regarding, type: 'Normal', reason: 'Scaled', message: 'to 4' });
    expect(cluster.events.map(({ reason }) => reason)).toEqual(['Scaled']);
  });

  it('hands a lease on, with a growing fencing token', async () => {
    const cluster = new FakeCluster();
    const log: string[] = [];
    const compete = (identity: string) =>
      cluster.lease({
        namespace: 'ns',
        name: 'leader',
        identity,
        onAcquired: (transitions) => log.push(`${identity} ${transitions}`),
        onLost: () => log.push(`${identity} lost`),
      });
    const [a, b] = [compete('a'), compete('b')];
    await null;
    expect([a.held, b.held]).toEqual([true, false]);
    cluster.expireLease('ns', 'leader');
    await b.release();
    expect(log).toEqual(['a 1', 'a lost', 'b 2', 'b lost', 'a 3']);
  });
});

describe('matchesSelector', () => {
  it.each([
    ['a=1,b!=2', true],
    ['a==1', true],
    ['a', true],
    ['!a', false],
    ['!c', true],
    ['a in (1, 2),b notin (9)', true],
    ['c notin (1)', true],
    ['c in (1)', false],
    ['b=2', false],
    ['', true],
  ])('%s', (selector, expected) => {
    expect(matchesSelector({ a: '1', b: '3' }, selector)).toBe(expected);
  });

  it('refuses nonsense', () => {
    expect(() => matchesSelector({}, 'a ~ b')).toThrow('malformed');
  });
});
