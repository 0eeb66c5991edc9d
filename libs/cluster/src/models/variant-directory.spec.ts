import { describe, expect, it } from '@jest/globals';
import { variantAutoscalingKind } from '@penstock/contracts';
import { FakeCluster } from '@penstock/testing';
import { eventually } from '../../test/eventually.js';
import { poolV1 } from '../../test/objects.js';
import { type PoolView, poolOf, VariantDirectory } from '../index.js';

function view(name: string, labels: Record<string, string>): PoolView {
  const outcome = poolOf(poolV1(name, labels));
  if (!('pool' in outcome)) throw new Error('the pool is invalid');
  return { pool: outcome.pool, endpoints: [] };
}

const kindOf = (apiVersion: string, kind: string) => {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, plural: `${kind.toLowerCase()}s`, kind, namespaced: true };
};

describe('VariantDirectory', () => {
  const decode = view('decode', { app: 'llama', role: 'decode' });
  const prefill = view('prefill', { app: 'llama', role: 'prefill' });

  async function open(
    objects: ReadonlyArray<{ apiVersion: string; kind: string; metadata: object; spec: object }>,
  ) {
    const cluster = new FakeCluster();
    for (const object of objects)
      await cluster.create(kindOf(object.apiVersion, object.kind), object as never);
    const directory = new VariantDirectory(cluster, { targetRefreshMs: 20 });
    await eventually(() => directory.synced, Boolean);
    return { cluster, directory };
  }
  const variant = (name: string, spec: object, annotations?: Record<string, string>) => ({
    apiVersion: 'llmd.ai/v1alpha1',
    kind: 'VariantAutoscaling',
    metadata: { namespace: 'ns', name, ...(annotations ? { annotations } : {}) },
    spec,
  });
  const targeting = (apiVersion: string, kind: string, name = 't') => ({
    modelID: 'llama',
    scaleTargetRef: { apiVersion, kind, name },
  });

  it('takes the pool that the annotation names', async () => {
    const named = variant('a', targeting('apps/v1', 'Deployment'), { 'penstock.dev/pool': 'prefill' });
    const { directory } = await open([named]);
    const pools = [decode, prefill];
    expect(directory.modelsOf(pools, 'ns', 'prefill')).toEqual(['llama']);
    expect(directory.poolsOf(pools, 'llama')).toEqual(['ns/prefill']);
    expect(directory.modelsOf(pools, 'ns', 'decode')).toEqual([]);
    await directory.stop();
  });

  it('takes the only pool of the namespace when nothing else tells, and none of several', async () => {
    const { directory } = await open([variant('a', { modelID: 'llama' })]);
    expect(directory.poolsOf([decode], 'llama')).toEqual(['ns/decode']);
    expect(directory.poolsOf([decode, prefill], 'llama')).toEqual([]);
    expect(directory.poolsOf([], 'llama')).toEqual([]);
    await directory.stop();
  });

  it.each<[string, string, object, object?]>([
    ['apps/v1', 'Deployment', { template: { metadata: { labels: { app: 'llama', role: 'prefill' } } } }],
    [
      'leaderworkerset.x-k8s.io/v1',
      'LeaderWorkerSet',
      {
        leaderWorkerTemplate: { workerTemplate: { metadata: { labels: { app: 'llama', role: 'prefill' } } } },
      },
    ],
    ['grove.io/v1alpha1', 'PodClique', {}, { labels: { app: 'llama', role: 'prefill' } }],
    [
      'grove.io/v1alpha1',
      'PodCliqueSet',
      {
        template: { cliques: [{ name: 'router' }, { name: 'p', labels: { app: 'llama', role: 'prefill' } }] },
      },
    ],
  ])('takes the pool that selects the pods of a %s %s', async (apiVersion, kind, spec, metadata = {}) => {
    const target = { apiVersion, kind, metadata: { namespace: 'ns', name: 't', ...metadata }, spec };
    const { directory } = await open([target, variant('a', targeting(apiVersion, kind))]);
    const pools = [decode, prefill];
    await eventually(
      () => directory.poolsOf(pools, 'llama'),
      (ids) => ids[0] === 'ns/prefill',
    );
    await directory.stop();
  });

  it('takes the pool of the cliques of a scaling group, and sees a target that comes later', async () => {
    const group = {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'PodCliqueScalingGroup',
      metadata: {
        namespace: 'ns',
        name: 't',
        ownerReferences: [{ apiVersion: 'grove.io/v1alpha1', kind: 'PodCliqueSet', name: 's', uid: 'u' }],
      },
      spec: { cliqueNames: ['d'] },
    };
    const set = {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'PodCliqueSet',
      metadata: { namespace: 'ns', name: 's' },
      spec: {
        template: {
          cliques: [
            { name: 'p', labels: { app: 'llama', role: 'prefill' } },
            { name: 'd', labels: { app: 'llama', role: 'decode' } },
          ],
        },
      },
    };
    const { cluster, directory } = await open([variant('a', targeting(group.apiVersion, group.kind))]);
    const pools = [decode, prefill];
    expect(directory.poolsOf(pools, 'llama')).toEqual([]);
    for (const object of [set, group])
      await cluster.create(kindOf(object.apiVersion, object.kind), object as never);
    await eventually(
      () => directory.poolsOf(pools, 'llama'),
      (ids) => ids[0] === 'ns/decode',
    );
    await directory.stop();
  });

  it('takes no pool that does not select the pods of the target, though it is the only one', async () => {
    const spec = { template: { metadata: { labels: { app: 'other' } } } };
    const target = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'ns', name: 't' },
      spec,
    };
    const missing = variant('b', { ...targeting('apps/v1', 'Deployment', 'gone'), modelID: 'gone' });
    const { directory } = await open([target, variant('a', targeting('apps/v1', 'Deployment')), missing]);
    // Until the target was read nothing is known: guessing would send requests to the wrong pool.
    expect(directory.poolsOf([decode], 'gone')).toEqual([]);
    await eventually(
      () => directory.poolsOf([decode], 'gone'),
      (ids) => ids[0] === 'ns/decode',
    );
    expect(directory.poolsOf([decode], 'llama')).toEqual([]);
    await directory.stop();
  });

  it('ignores what is no usable variant, and follows changes', async () => {
    const { cluster, directory } = await open([
      variant('a', { modelID: 7, scaleTargetRef: 'x' }),
      variant('b', { scaleTargetRef: { kind: 'Deployment' } }),
      variant('c', { modelID: '' }),
    ]);
    expect(directory.modelsOf([decode], 'ns', 'decode')).toEqual([]);
    await cluster.create(
      variantAutoscalingKind,
      variant('d', { modelID: 'gpt', scaleTargetRef: { kind: 5 } }) as never,
    );
    expect(directory.modelsOf([decode], 'ns', 'decode')).toEqual(['gpt']);
    await cluster.delete(variantAutoscalingKind, 'ns', 'd');
    expect(directory.modelsOf([decode], 'ns', 'decode')).toEqual([]);
    await directory.stop();
  });
});
