import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { eventually } from '../contract/contract-cluster.js';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';

const namespace = 'default';

describe('controllers of a dev cluster that starts again', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'controllers-'));
  let cluster: DevCluster | undefined;
  let core: CoreV1Api;
  let apps: AppsV1Api;
  const start = async (): Promise<void> => {
    cluster = await startDevCluster({ dataDir, nodes: 0 });
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
  };
  const stop = async (): Promise<void> => {
    await cluster?.stop();
    cluster = undefined;
  };
  afterEach(stop);
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const template = (image: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: { nodeName: 'v1', containers: [{ name: 'main', image }] },
  });
  const addNode = () =>
    core.createNode({ body: { metadata: { name: 'v1', annotations: { 'kwok.x-k8s.io/node': 'fake' } } } });

  it('go on with a rollout where they stopped', async () => {
    await start();
    // Without the node nothing becomes ready, and the rollout stands.
    const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template('a') };
    await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec } });
    await eventually(async () =>
      expect((await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items).toHaveLength(3),
    );
    const before = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
    await stop();
    await start();
    await addNode();
    const names = (list: typeof before) => list.items.map((pod) => pod.metadata?.name);
    await eventually(async () => {
      const { status } = await apps.readNamespacedDeployment({ namespace, name: 'web' });
      expect(status).toMatchObject({ replicas: 3, availableReplicas: 3 });
    });
    expect(names(await core.listNamespacedPod({ namespace, labelSelector: 'app=web' }))).toEqual(
      names(before),
    );
    const deployment = await apps.readNamespacedDeployment({ namespace, name: 'web' });
    await apps.replaceNamespacedDeployment({
      namespace,
      name: 'web',
      body: { ...deployment, spec: { ...spec, template: template('b') } },
    });
    // In the middle of it, wherever that is.
    await stop();
    await start();
    await eventually(async () => {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
      expect(items.map((pod) => pod.spec?.containers[0]?.image)).toEqual(['b', 'b', 'b']);
      const { status } = await apps.readNamespacedDeployment({ namespace, name: 'web' });
      expect(status).toMatchObject({ replicas: 3, updatedReplicas: 3, availableReplicas: 3 });
    });
  });

  it('go on with a daemon set where they stopped, on nodes that changed meanwhile', async () => {
    await start();
    await core.createNode({ body: { metadata: { name: 'd1' } } });
    const labels = { app: 'daemon' };
    const spec = {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { nodeSelector: { daemon: 'yes' }, containers: [{ name: 'main', image: 'a' }] },
      },
    };
    await apps.createNamespacedDaemonSet({ namespace, body: { metadata: { name: 'daemon' }, spec } });
    await eventually(async () => {
      const { status } = await apps.readNamespacedDaemonSet({ namespace, name: 'daemon' });
      expect(status).toMatchObject({ observedGeneration: 1, desiredNumberScheduled: 0 });
    });
    for (const name of ['d2', 'd3']) {
      const annotations = { 'kwok.x-k8s.io/node': 'fake' };
      await core.createNode({ body: { metadata: { name, annotations, labels: { daemon: 'yes' } } } });
    }
    // In the middle of it, wherever that is.
    await stop();
    await start();
    const rolledOut = (image: string) =>
      eventually(async () => {
        const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=daemon' });
        const found = items.map((pod) => [pod.spec?.nodeName, pod.spec?.containers[0]?.image]);
        expect(found.sort()).toEqual([
          ['d2', image],
          ['d3', image],
        ]);
        const { status } = await apps.readNamespacedDaemonSet({ namespace, name: 'daemon' });
        expect(status).toMatchObject({ updatedNumberScheduled: 2, numberAvailable: 2 });
      });
    await rolledOut('a');
    const set = await apps.readNamespacedDaemonSet({ namespace, name: 'daemon' });
    set.spec!.template.spec!.containers[0]!.image = 'b';
    await apps.replaceNamespacedDaemonSet({ namespace, name: 'daemon', body: set });
    await stop();
    await start();
    await rolledOut('b');
    const { items } = await apps.listNamespacedControllerRevision({ namespace });
    expect(items.map(({ revision }) => revision).sort()).toEqual([1, 2]);
  });

  it('go on with a deletion that waits in the foreground', async () => {
    await start();
    const owner = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'owner' } } });
    const ownerReferences = [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'owner',
        uid: owner.metadata!.uid!,
        blockOwnerDeletion: true,
      },
    ];
    const metadata = { name: 'child', ownerReferences, finalizers: ['penstock.dev/hold'] };
    await core.createNamespacedConfigMap({ namespace, body: { metadata } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'owner', propagationPolicy: 'Foreground' });
    await stop();
    await start();
    const child = await eventually(async () => {
      const found = await core.readNamespacedConfigMap({ namespace, name: 'child' });
      expect(found.metadata?.deletionTimestamp).toBeDefined();
      return found;
    });
    expect((await core.readNamespacedConfigMap({ namespace, name: 'owner' })).metadata?.finalizers).toEqual([
      'foregroundDeletion',
    ]);
    await core.replaceNamespacedConfigMap({
      namespace,
      name: 'child',
      body: { ...child, metadata: { ...child.metadata, finalizers: [] } },
    });
    await eventually(async () => {
      const { items } = await core.listNamespacedConfigMap({ namespace });
      const names = items.map((item) => item.metadata?.name);
      expect(names).not.toContain('owner');
      expect(names).not.toContain('child');
    });
  });
});
