import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { eventually } from '../dev-cluster/contract/contract-cluster.js';
import { startTestCluster } from './start-test-cluster.js';
import type { TestCluster } from './test-cluster.js';

const namespace = 'default';
let cluster: TestCluster;
let config: KubeConfig;
let core: CoreV1Api;
beforeAll(async () => {
  cluster = await startTestCluster();
  config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => cluster?.stop());

const isKube = process.env['PENSTOCK_TEST_CLUSTER'] === 'kube';
const template = {
  metadata: { labels: { app: 'engine' } },
  spec: {
    nodeName: 'gpu-1',
    initContainers: [{ name: 'prepare', image: 'none' }],
    containers: [{ name: 'main', image: 'none' }],
  },
};

describe('a test cluster', () => {
  it('is of the kind that was asked for', async () => {
    expect(cluster.flavor).toBe(isKube ? 'kube' : 'dev');
    expect(cluster.url.startsWith(isKube ? 'https://127.0.0.1:' : 'http://127.0.0.1:')).toBe(true);
    expect(readFileSync(cluster.kubeconfigPath, 'utf8')).toBe(cluster.kubeconfig);
    expect((await core.listNode()).items).toEqual([]);
  });

  it('adds nodes with GPUs, labels and taints', async () => {
    const taint = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' };
    await cluster.addNode({ name: 'gpu-1', gpus: 8, labels: { rack: 'r1' }, taints: [taint] });
    await cluster.addNode({ name: 'closed', unschedulable: true });
    const node = await core.readNode({ name: 'gpu-1' });
    expect(node.status?.allocatable).toMatchObject({ 'nvidia.com/gpu': '8', pods: '110' });
    expect(node.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'True' }),
    );
    expect(node.metadata?.labels).toMatchObject({ rack: 'r1', 'kubernetes.io/hostname': 'gpu-1' });
    expect(node.spec?.taints).toEqual([expect.objectContaining(taint)]);
    const closed = await core.readNode({ name: 'closed' });
    expect(closed.spec?.unschedulable).toBe(true);
    expect(closed.spec?.taints ?? []).not.toContainEqual(
      expect.objectContaining({ key: 'node.kubernetes.io/not-ready' }),
    );
  });

  it('refuses a node that cannot be, with the reason', async () => {
    await expect(cluster.addNode({ name: 'Not A Name' })).rejects.toThrow(
      /Not A Name was not written \(422\)/,
    );
  });

  it('runs the pods of such a node at once, and lets them go', async () => {
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'alone' }, spec: template.spec } });
    const pod = await eventually(async () => {
      const read = await core.readNamespacedPod({ namespace, name: 'alone' });
      expect(read.status?.phase).toBe('Running');
      return read;
    });
    expect(pod.status?.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(pod.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(pod.status?.containerStatuses).toEqual([expect.objectContaining({ name: 'main', ready: true })]);
    await core.deleteNamespacedPod({ namespace, name: 'alone' });
    await eventually(async () =>
      expect((await core.listNamespacedPod({ namespace })).items.map((p) => p.metadata?.name)).toEqual([]),
    );
  });

  it('makes the pods of a deployment', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    await apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'engine' },
        spec: { replicas: 2, selector: { matchLabels: { app: 'engine' } }, template },
      },
    });
    await eventually(async () => {
      const { status } = await apps.readNamespacedDeployment({ namespace, name: 'engine' });
      expect(status).toMatchObject({ replicas: 2, readyReplicas: 2 });
    }, 30_000);
  });

  it('finds a node for a pod that names no scheduler, and says why it finds none', async () => {
    await cluster.addNode({ name: 'roomy', gpus: 2, labels: { size: 'large' } });
    const pod = (name: string, size: string, gpus: string) =>
      core.createNamespacedPod({
        namespace,
        body: {
          metadata: { name },
          spec: {
            nodeSelector: { size },
            containers: [{ name: 'main', image: 'none', resources: { limits: { 'nvidia.com/gpu': gpus } } }],
          },
        },
      });
    await pod('fits', 'large', '2');
    await eventually(async () => {
      const { spec, status } = await core.readNamespacedPod({ namespace, name: 'fits' });
      expect([spec?.nodeName, status?.phase]).toEqual(['roomy', 'Running']);
    }, 20_000);
    await pod('too-large', 'large', '1');
    await pod('nowhere', 'huge', '1');
    for (const [name, why] of [
      ['too-large', 'Insufficient nvidia.com/gpu'],
      ['nowhere', "didn't match Pod's node affinity/selector"],
    ] as const) {
      await eventually(async () => {
        const { status } = await core.readNamespacedPod({ namespace, name });
        expect(status?.conditions).toContainEqual(
          expect.objectContaining({
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: expect.stringContaining(why),
          }),
        );
      }, 20_000);
    }
    await core.deleteNamespacedPod({ namespace, name: 'fits' });
    await eventually(async () => {
      const { spec } = await core.readNamespacedPod({ namespace, name: 'too-large' });
      expect(spec?.nodeName).toBe('roomy');
    }, 30_000);
  });

  it('keeps its objects through a crash of the API server, at the same address', async () => {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'kept' } } });
    await cluster.killApi();
    await expect(core.listNode()).rejects.toThrow();
    await cluster.startApi();
    expect((await core.readNamespacedConfigMap({ namespace, name: 'kept' })).metadata?.name).toBe('kept');
  });

  it('forgets old revisions when it is compacted and remembers none of its own', async () => {
    for (const name of ['page-1', 'page-2']) {
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
    }
    const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'page-3' } } });
    await cluster.killApi();
    await cluster.startApi();
    await cluster.compact();
    const next = core.listNamespacedConfigMap({ namespace, limit: 1, _continue: page.metadata?._continue });
    await expect(next).rejects.toMatchObject({ code: 410 });
  });

  it('leaves nothing behind', async () => {
    const other = await startTestCluster();
    expect(other.url).not.toBe(cluster.url);
    await other.stop();
    expect(existsSync(other.kubeconfigPath)).toBe(false);
    await expect(fetch(`${other.url}/readyz`)).rejects.toThrow();
  });
});
