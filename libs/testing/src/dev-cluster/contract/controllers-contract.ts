import { beforeAll, expect, it } from '@jest/globals';
import { AppsV1Api, type V1Deployment, type V1Pod, type V1ReplicaSet } from '@kubernetes/client-node';
import { type ContractCluster, eventually } from './contract-cluster.js';

const NODE = 'contract-virtual-node';
/** The real controllers answer within seconds, on a busy machine later. */
const PATIENCE_MS = 60_000;

/** Deployments and ReplicaSets, with pods on a virtual node. */
export function describeControllers(get: () => ContractCluster): void {
  const apps = (): AppsV1Api => get().config.makeApiClient(AppsV1Api);
  const template = (app: string, image = 'a', spec: object = {}) => ({
    metadata: { labels: { app } },
    spec: {
      nodeName: NODE,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image }],
      ...spec,
    },
  });
  const create = (name: string, replicas: number, spec: object = {}): Promise<V1Deployment> =>
    apps().createNamespacedDeployment({
      namespace: get().namespace,
      body: {
        metadata: { name, annotations: { note: 'kept' } },
        spec: {
          replicas,
          selector: { matchLabels: { app: name } },
          template: template(name),
          ...spec,
        },
      },
    });
  const createSet = (name: string, replicas: number): Promise<V1ReplicaSet> =>
    apps().createNamespacedReplicaSet({
      namespace: get().namespace,
      body: {
        metadata: { name },
        spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
      },
    });
  const read = (name: string) => apps().readNamespacedDeployment({ namespace: get().namespace, name });
  const merge = (path: string, body: object) =>
    get().request('PATCH', path, body, { 'content-type': 'application/merge-patch+json' });
  const patch = async (name: string, spec: object): Promise<void> => {
    expect((await merge(get().path('apps/v1', 'deployments', name), { spec })).status).toBe(200);
  };
  const pods = async (app: string): Promise<V1Pod[]> => {
    const { namespace, core } = get();
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
    return items.filter((pod) => !pod.metadata?.deletionTimestamp);
  };
  const sets = async (app: string): Promise<V1ReplicaSet[]> => {
    const { items } = await apps().listNamespacedReplicaSet({
      namespace: get().namespace,
      labelSelector: `app=${app}`,
    });
    return items.sort((a, b) => revision(a) - revision(b));
  };
  const revision = (object: V1ReplicaSet | V1Deployment): number =>
    Number(object.metadata?.annotations?.['deployment.kubernetes.io/revision']);
  const rolledOut = (name: string, replicas: number): Promise<V1Deployment> =>
    eventually(async () => {
      const deployment = await read(name);
      expect(deployment.status).toMatchObject({
        observedGeneration: deployment.metadata?.generation,
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
        readyReplicas: replicas,
      });
      return deployment;
    }, PATIENCE_MS);
  const setReady = async (pod: V1Pod, status: string): Promise<void> => {
    const conditions = pod.status!.conditions!.map((c) => (c.type === 'Ready' ? { ...c, status } : c));
    await get().core.replaceNamespacedPodStatus({
      namespace: get().namespace,
      name: pod.metadata!.name!,
      body: { ...pod, status: { ...pod.status, conditions } },
    });
  };
  const images = async (app: string) => (await pods(app)).map((pod) => pod.spec?.containers[0]?.image).sort();

  beforeAll(async () => {
    const annotations = { 'kwok.x-k8s.io/node': 'fake' };
    await get().request('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE, annotations },
      status: { allocatable: { cpu: '64', memory: '1Ti', pods: '500' } },
    });
  });

  it('makes the pods of a deployment through a replica set', async () => {
    await create('web', 3);
    const deployment = await rolledOut('web', 3);
    expect(deployment.metadata).toMatchObject({ generation: 1 });
    expect(revision(deployment)).toBe(1);
    expect(deployment.status?.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }),
        expect.objectContaining({ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }),
      ]),
    );
    const [set] = await sets('web');
    const hash = set?.metadata?.labels?.['pod-template-hash'];
    expect(set?.metadata).toMatchObject({
      name: `web-${hash}`,
      annotations: {
        note: 'kept',
        'deployment.kubernetes.io/revision': '1',
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
      },
      ownerReferences: [
        expect.objectContaining({
          kind: 'Deployment',
          name: 'web',
          controller: true,
          blockOwnerDeletion: true,
        }),
      ],
    });
    expect(set?.spec?.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(set?.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3 });
    for (const pod of await pods('web')) {
      expect(pod.metadata?.name).toMatch(new RegExp(`^web-${hash}-[a-z0-9]{5}$`));
      expect(pod.metadata).toMatchObject({
        generateName: `web-${hash}-`,
        labels: { app: 'web', 'pod-template-hash': hash },
        ownerReferences: [expect.objectContaining({ kind: 'ReplicaSet', name: `web-${hash}` })],
      });
    }
    const { items } = await get().core.listNamespacedEvent({ namespace: get().namespace });
    const told = items.map((event) => `${event.involvedObject.name} ${event.reason}: ${event.message}`);
    expect(told).toContain(`web ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`);
    expect(
      told.filter((line) => line.startsWith(`web-${hash} SuccessfulCreate: Created pod: `)),
    ).toHaveLength(3);
  });

  it('follows its scale, giving up what is not ready and what costs least first', async () => {
    await create('scaled', 3);
    await rolledOut('scaled', 3);
    const scale = async (replicas: number): Promise<void> => {
      const path = `${get().path('apps/v1', 'deployments', 'scaled')}/scale`;
      expect((await merge(path, { spec: { replicas } })).status).toBe(200);
    };
    await scale(5);
    await rolledOut('scaled', 5);
    const all = await pods('scaled');
    const [unready, cheap, ...kept] = all;
    await get().core.patchNamespacedPod({
      namespace: get().namespace,
      name: cheap!.metadata!.name!,
      body: [
        {
          op: 'add',
          path: '/metadata/annotations',
          value: { 'controller.kubernetes.io/pod-deletion-cost': '-5' },
        },
      ],
    });
    await setReady(unready!, 'False');
    await eventually(async () => expect((await read('scaled')).status?.readyReplicas).toBe(4), PATIENCE_MS);
    expect((await read('scaled')).status?.unavailableReplicas).toBe(1);
    await scale(3);
    await rolledOut('scaled', 3);
    const names = (list: V1Pod[]) => list.map((pod) => pod.metadata?.name).sort();
    expect(names(await pods('scaled'))).toEqual(names(kept));
    await scale(0);
    await eventually(async () => {
      expect(await pods('scaled')).toEqual([]);
      expect((await read('scaled')).status?.replicas ?? 0).toBe(0);
    }, PATIENCE_MS);
  });

  it('rolls a new template out within its bounds, and back', async () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await create('rolling', 3, { strategy });
    await rolledOut('rolling', 3);
    const log = await get().watch(get().path('apps/v1', 'deployments'), {
      fieldSelector: 'metadata.name=rolling',
    });
    await patch('rolling', { template: template('rolling', 'b') });
    await eventually(async () => expect(await images('rolling')).toEqual(['b', 'b', 'b']), PATIENCE_MS);
    await rolledOut('rolling', 3);
    log.stop();
    for (const { object } of log.events) {
      const { replicas = 0, availableReplicas = 0 } = (object.status ?? {}) as Record<string, number>;
      expect(replicas).toBeLessThanOrEqual(4);
      expect(availableReplicas).toBeGreaterThanOrEqual(3);
    }
    const [old, now] = await sets('rolling');
    expect([old?.spec?.replicas, now?.spec?.replicas]).toEqual([0, 3]);
    expect([revision(old!), revision(now!), revision(await read('rolling'))]).toEqual([1, 2, 2]);
    // The old template again is the old set again, as a newer revision.
    await patch('rolling', { template: template('rolling', 'a') });
    await eventually(async () => expect(await images('rolling')).toEqual(['a', 'a', 'a']), PATIENCE_MS);
    await rolledOut('rolling', 3);
    const [other, back] = await sets('rolling');
    expect([other?.metadata?.name, back?.metadata?.name]).toEqual([now?.metadata?.name, old?.metadata?.name]);
    expect(revision(back!)).toBe(3);
    expect(back?.metadata?.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1');
  });

  it('keeps as much history as it is told to', async () => {
    await create('history', 1, { revisionHistoryLimit: 1 });
    for (const image of ['b', 'c', 'd']) {
      await rolledOut('history', 1);
      await patch('history', { template: template('history', image) });
      await eventually(async () => expect(await images('history')).toEqual([image]), PATIENCE_MS);
    }
    await eventually(async () => expect((await sets('history')).map(revision)).toEqual([3, 4]), PATIENCE_MS);
  });

  it('does not run old and new at once when it recreates', async () => {
    await create('again', 2, { strategy: { type: 'Recreate' } });
    await rolledOut('again', 2);
    const log = await get().watch(get().path('v1', 'pods'), { labelSelector: 'app=again' });
    await log.take(2);
    await patch('again', { template: template('again', 'b') });
    await eventually(async () => expect(await images('again')).toEqual(['b', 'b']), PATIENCE_MS);
    await rolledOut('again', 2);
    log.stop();
    const running = new Map<string, string>();
    for (const { type, object } of log.events) {
      const { containers } = object.spec as unknown as { containers: { image: string }[] };
      if (type === 'DELETED') running.delete(object.metadata!.name!);
      else running.set(object.metadata!.name!, containers[0]!.image);
      expect(new Set(running.values()).size).toBeLessThanOrEqual(1);
    }
  });

  it('waits while it is paused', async () => {
    await create('paused', 2, { paused: true });
    await eventually(async () => {
      const { status } = await read('paused');
      expect(status?.conditions).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'Progressing', reason: 'DeploymentPaused' }),
        ]),
      );
    }, PATIENCE_MS);
    expect(await sets('paused')).toEqual([]);
    await patch('paused', { paused: false });
    await rolledOut('paused', 2);
  });

  it('says that a rollout is stuck', async () => {
    await create('stuck', 1, {
      progressDeadlineSeconds: 1,
      template: template('stuck', 'a', { nodeName: 'no-such-node' }),
    });
    await eventually(async () => {
      const { status } = await read('stuck');
      expect(status?.conditions).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
          }),
          expect.objectContaining({
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
          }),
        ]),
      );
    }, PATIENCE_MS);
  });

  it('says why a replica set has no pods', async () => {
    await apps().createNamespacedReplicaSet({
      namespace: get().namespace,
      body: {
        metadata: { name: 'refused' },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'refused' } },
          template: template('refused', 'a', { priorityClassName: 'no-such-class' }),
        },
      },
    });
    await eventually(async () => {
      const set = await apps().readNamespacedReplicaSet({ namespace: get().namespace, name: 'refused' });
      expect(set.status?.conditions).toEqual([
        expect.objectContaining({
          type: 'ReplicaFailure',
          status: 'True',
          reason: 'FailedCreate',
          message: expect.stringContaining('no PriorityClass with name no-such-class was found'),
        }),
      ]);
    }, PATIENCE_MS);
  });

  it('adopts the pods it selects, lets others go and replaces what ends', async () => {
    const { core, namespace } = get();
    await core.createNamespacedPod({
      namespace,
      body: { ...template('adopting'), metadata: { name: 'orphan', labels: { app: 'adopting' } } },
    });
    await createSet('adopting', 2);
    const owned = () =>
      eventually(async () => {
        const found = (await pods('adopting')).filter((pod) => pod.status?.phase === 'Running');
        expect(found).toHaveLength(2);
        return found;
      }, PATIENCE_MS);
    const first = await owned();
    const orphan = first.find((pod) => pod.metadata?.name === 'orphan');
    expect(orphan?.metadata?.ownerReferences).toEqual([
      expect.objectContaining({ kind: 'ReplicaSet', name: 'adopting', controller: true }),
    ]);
    await merge(get().path('v1', 'pods', 'orphan'), { metadata: { labels: { app: 'elsewhere' } } });
    await eventually(async () => {
      const released = await core.readNamespacedPod({ namespace, name: 'orphan' });
      expect(released.metadata?.ownerReferences ?? []).toEqual([]);
    }, PATIENCE_MS);
    const [second] = await owned();
    await core.deleteNamespacedPod({ namespace, name: second!.metadata!.name! });
    await eventually(
      async () => expect((await owned()).map((p) => p.metadata?.name)).not.toContain(second!.metadata!.name),
      PATIENCE_MS,
    );
    const [third] = await owned();
    await core.replaceNamespacedPodStatus({
      namespace,
      name: third!.metadata!.name!,
      body: { ...third!, status: { ...third!.status, phase: 'Failed' } },
    });
    const running = await owned();
    expect(running.map((p) => p.metadata?.name)).not.toContain(third!.metadata!.name);
  });
}
