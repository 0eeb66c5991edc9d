import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type InferencePool,
  inferenceModelKind,
  inferencePoolKind,
  inferencePoolV1Alpha2Kind,
  leaseKind,
  namespaceKind,
  type Pod,
  podKind,
} from '@penstock/contracts';
import { ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { startTestCluster, type TestCluster } from '@penstock/testing';
import { parseAllDocuments } from 'yaml';
import { KubernetesCluster, ModelDirectory, PoolDirectory } from '../src/index.js';
import { eventually } from './eventually.js';
import { enginePod, poolV1, poolV1Alpha2 } from './objects.js';

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const definitionKind: ResourceKind<ClusterObject> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

let server: TestCluster;
const opened: KubernetesCluster[] = [];

beforeEach(async () => {
  server = await startTestCluster();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((cluster) => cluster.close()));
  await server.stop();
});

function connect(service: string): KubernetesCluster {
  const backoff = { initialMs: 20, maxMs: 200 };
  const cluster = new KubernetesCluster({ service, kubeconfig: server.kubeconfigPath, backoff });
  opened.push(cluster);
  return cluster;
}

const read = (path: string): ClusterObject[] =>
  parseAllDocuments(readFileSync(deploy + path, 'utf8')).map((document) => document.toJS() as ClusterObject);

async function installDefinitions(cluster: KubernetesCluster): Promise<void> {
  for (const file of readdirSync(`${deploy}crds`)) {
    for (const definition of read(`crds/${file}`)) await cluster.apply(definitionKind, definition);
  }
}

async function makeNamespace(cluster: KubernetesCluster, name = 'ns'): Promise<void> {
  await cluster.apply(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** As a user writes it: the uid is the server's. */
function withoutUid<T extends ClusterObject>(object: T): T {
  const { uid: _uid, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ClusterError ? error.reason : error),
  );

/** Creates a pod and writes its status, which is a subresource. */
async function putPod(cluster: KubernetesCluster, pod: Pod): Promise<void> {
  const { status, metadata, ...rest } = withoutUid(pod);
  const containers = pod.spec?.containers.map((container) => ({ image: 'none', ...container })) ?? [];
  const schedulingGates = [{ name: 'penstock.dev/test' }];
  const created = { ...rest, metadata, spec: { containers, schedulingGates } } as Pod;
  await cluster.create(podKind, created);
  const { namespace, name } = metadata;
  await cluster.mergePatch(podKind, namespace, name, { status }, { subresource: 'status' });
}

describe('KubernetesCluster', () => {
  it('answers the probe, creates, reads, patches and deletes', async () => {
    const cluster = connect('a');
    await cluster.probe();
    await makeNamespace(cluster);
    const pod = { ...enginePod(), spec: { containers: [{ name: 'engine', image: 'none' }] } };
    const created = await cluster.create(podKind, pod);
    expect(created.metadata.uid).toBeTruthy();
    expect(await reasonOf(cluster.create(podKind, pod))).toBe('already-exists');
    const patched = await cluster.mergePatch(podKind, 'ns', 'e0', { metadata: { labels: { extra: 'yes' } } });
    expect(patched.metadata.labels).toEqual({ app: 'engine', extra: 'yes' });
    const stale = {
      metadata: { resourceVersion: created.metadata.resourceVersion, labels: { extra: 'no' } },
    };
    expect(await reasonOf(cluster.mergePatch(podKind, 'ns', 'e0', stale))).toBe('conflict');
    expect(await cluster.list(podKind, { namespace: 'ns', labelSelector: 'extra=yes' })).toHaveLength(1);
    expect(await cluster.list(podKind, { labelSelector: 'extra=no' })).toHaveLength(0);
    expect((await cluster.get(podKind, 'ns', 'e0'))?.kind).toBe('Pod');
    expect(await cluster.get(podKind, 'ns', 'e1')).toBeUndefined();
    expect(await reasonOf(cluster.mergePatch(podKind, 'ns', 'e1', {}))).toBe('not-found');
    await cluster.delete(podKind, 'ns', 'e0');
    expect(await reasonOf(cluster.delete(podKind, 'ns', 'never-existed'))).toBe('not-found');
  });

  it('installs our definitions, fills their defaults and refuses what they forbid', async () => {
    const cluster = connect('a');
    await installDefinitions(cluster);
    await makeNamespace(cluster);
    const stored = await eventuallyApplied(cluster, withoutUid(poolV1('p', { app: 'engine' })));
    expect(stored.spec.appProtocol).toBe('http');
    expect(await reasonOf(cluster.apply(inferencePoolKind, withoutUid(poolV1('q', {}))))).toBe('invalid');
    expect(await reasonOf(cluster.apply(inferencePoolKind, withoutUid(poolV1('q', { app: 'x' }, [0]))))).toBe(
      'invalid',
    );
    for (const selector of [{ app: 'x' }, { matchLabels: { app: 'x' } }]) {
      const old = withoutUid(poolV1Alpha2('old', selector));
      const pool = await cluster.apply(inferencePoolV1Alpha2Kind, old);
      expect(pool.spec.selector).toMatchObject(selector);
    }
  });

  it('owns only the fields it sends, and takes others only by force', async () => {
    const [a, b] = [connect('a'), connect('b')];
    await makeNamespace(a);
    const labelled = (labels: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shared', labels },
    });
    await a.apply(namespaceKind, labelled({ mine: 'a', other: 'x' }));
    await b.apply(namespaceKind, labelled({ yours: 'b' }));
    expect(await reasonOf(b.apply(namespaceKind, labelled({ yours: 'b', mine: 'b' })))).toBe('conflict');
    await a.apply(namespaceKind, labelled({ mine: 'a' }));
    expect((await a.get(namespaceKind, undefined, 'shared'))?.metadata.labels).toMatchObject({
      mine: 'a',
      yours: 'b',
    });
    expect((await a.get(namespaceKind, undefined, 'shared'))?.metadata.labels).not.toHaveProperty('other');
    const forced = await b.apply(namespaceKind, labelled({ yours: 'b', mine: 'b' }), { force: true });
    expect(forced.metadata.labels).toMatchObject({ mine: 'b' });
  });

  it('follows objects through a restart of the API and through a compaction', async () => {
    const cluster = connect('a');
    await makeNamespace(cluster);
    const informer = cluster.inform(podKind, { namespace: 'ns' });
    await eventually(() => informer.synced, Boolean);
    await putPod(cluster, enginePod({ name: 'e0' }));
    await putPod(cluster, enginePod({ name: 'e1' }));
    const names = () =>
      informer
        .list()
        .map((pod) => pod.metadata.name)
        .sort();
    await eventually(names, (list) => list.length === 2);

    await server.killApi();
    expect(names()).toEqual(['e0', 'e1']);
    await server.startApi();
    const other = connect('b');
    await putPod(other, enginePod({ name: 'e2' }));
    await server.compact();
    await eventually(names, (list) => list.length === 3, 10_000);
    expect(informer.get('ns', 'e0')?.status?.podIP).toBe('127.20.0.1');
  });

  it('hands a lease over', async () => {
    const [a, b] = [connect('a'), connect('b')];
    await makeNamespace(a);
    const options = {
      namespace: 'ns',
      name: 'leader',
      durationMs: 2000,
      onAcquired: () => {},
      onLost: () => {},
    };
    const first = a.lease({ ...options, identity: 'a' });
    await eventually(() => first.held, Boolean);
    const second = b.lease({ ...options, identity: 'b' });
    await first.release();
    await eventually(() => second.held, Boolean);
    expect(second.transitions).toBe(first.transitions + 1);
    expect((await a.get(leaseKind, 'ns', 'leader'))?.spec).toMatchObject({ holderIdentity: 'b' });
  });
});

describe('directories', () => {
  it('find the example of the laptop, with definitions that are installed only later', async () => {
    const cluster = connect('a');
    const pools = new PoolDirectory(cluster, { debounceMs: 5 });
    const models = new ModelDirectory(cluster);
    await eventually(() => pools.synced && models.synced, Boolean);
    expect(pools.pools()).toEqual([]);

    await installDefinitions(cluster);
    const example = read('examples/laptop.yaml');
    await makeNamespace(cluster, 'penstock');
    await eventuallyApplied(cluster, example.find(({ kind }) => kind === 'InferencePool') as InferencePool);
    const ports = [
      { name: 'http', containerPort: 8000 },
      { name: 'kv-events', containerPort: 5557 },
      { name: 'kv-replay', containerPort: 5558 },
    ];
    await putPod(cluster, enginePod({ namespace: 'penstock', name: 'engine-0', ports }));
    const view = () => pools.get('penstock', 'laptop');
    await eventually(view, (v) => v?.endpoints.length === 1, 15_000);
    expect(view()?.pool.routingPolicy).toBe('3-2-2');
    expect(view()?.endpoints[0]).toMatchObject({
      engineId: 'penstock/engine-0',
      address: '127.20.0.1:8000',
      ready: true,
      kvEventsPort: 5557,
      kvReplayPort: 5558,
    });

    const spec = {
      modelName: 'llama',
      poolRef: { name: 'laptop' },
      targetModels: [{ name: 'qwen', weight: 1 }],
    };
    await cluster.apply(inferenceModelKind, {
      apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
      kind: 'InferenceModel',
      metadata: { namespace: 'penstock', name: 'm' },
      spec,
    });
    await eventually(
      () => models.resolve('llama', 0).targetModel,
      (target) => target === 'qwen',
      15_000,
    );
    await Promise.all([pools.stop(), models.stop()]);
  });
});

/** A definition serves its kind a moment after it was accepted. */
async function eventuallyApplied(cluster: KubernetesCluster, pool: InferencePool): Promise<InferencePool> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      return await cluster.apply(inferencePoolKind, pool);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason !== 'not-found') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error('the definition of InferencePool never came into use');
}
