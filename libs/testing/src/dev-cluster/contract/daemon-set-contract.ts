import { expect, it } from '@jest/globals';
import { AppsV1Api, type V1ControllerRevision, type V1DaemonSet, type V1Pod } from '@kubernetes/client-node';
import { type ContractCluster, eventually } from './contract-cluster.js';

/** The real controllers answer within seconds, on a busy machine later. */
const PATIENCE_MS = 60_000;
const MERGE = { 'content-type': 'application/merge-patch+json' };

/** DaemonSets, with pods on virtual nodes. */
export function describeDaemonSets(get: () => ContractCluster): void {
  const apps = (): AppsV1Api => get().config.makeApiClient(AppsV1Api);
  /** Nodes of one test bear a label of their own, so that no other test's DaemonSet looks at them. */
  const label = (group: string) => ({ [`contract-${group}`]: get().namespace });
  const nodeName = (group: string, name: string): string => `${get().namespace}-${group}-${name}`;
  const addNode = async (group: string, name: string, spec: object = {}): Promise<string> => {
    const answer = await get().request('POST', '/api/v1/nodes', {
      metadata: {
        name: nodeName(group, name),
        labels: label(group),
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
      },
      spec,
      status: { allocatable: { cpu: '64', memory: '1Ti', pods: '500' } },
    });
    expect(answer.status).toBe(201);
    return nodeName(group, name);
  };
  const patchNode = async (name: string, patch: object): Promise<void> => {
    expect((await get().request('PATCH', `/api/v1/nodes/${name}`, patch, MERGE)).status).toBe(200);
  };
  const template = (group: string, image = 'a', spec: object = {}) => ({
    metadata: { labels: { daemon: group } },
    spec: {
      nodeSelector: label(group),
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image }],
      ...spec,
    },
  });
  const create = (group: string, spec: object = {}): Promise<V1DaemonSet> =>
    apps().createNamespacedDaemonSet({
      namespace: get().namespace,
      body: {
        metadata: { name: group },
        spec: { selector: { matchLabels: { daemon: group } }, template: template(group), ...spec },
      },
    });
  const patch = async (group: string, spec: object): Promise<void> => {
    const path = get().path('apps/v1', 'daemonsets', group);
    expect((await get().request('PATCH', path, { spec }, MERGE)).status).toBe(200);
  };
  const read = (name: string) => apps().readNamespacedDaemonSet({ namespace: get().namespace, name });
  const pods = async (group: string): Promise<V1Pod[]> => {
    const { namespace, core } = get();
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `daemon=${group}` });
    return items.filter((pod) => !pod.metadata?.deletionTimestamp);
  };
  const nodesOf = async (group: string) => (await pods(group)).map((pod) => pod.spec?.nodeName).sort();
  const images = async (group: string) => (await pods(group)).map((p) => p.spec?.containers[0]?.image).sort();
  const revisions = async (group: string): Promise<V1ControllerRevision[]> => {
    const { items } = await apps().listNamespacedControllerRevision({
      namespace: get().namespace,
      labelSelector: `daemon=${group}`,
    });
    return items.sort((a, b) => a.revision - b.revision);
  };
  /** Waits until as many nodes as said have an available pod of the present template, and no other pods count. */
  const rolledOut = (group: string, nodes: number): Promise<V1DaemonSet> =>
    eventually(async () => {
      const set = await read(group);
      expect(set.status).toMatchObject({
        observedGeneration: set.metadata?.generation,
        desiredNumberScheduled: nodes,
        currentNumberScheduled: nodes,
        updatedNumberScheduled: nodes,
        numberReady: nodes,
        numberAvailable: nodes,
      });
      return set;
    }, PATIENCE_MS);
  const setStatus = async (pod: V1Pod, status: object): Promise<void> => {
    const path = `${get().path('v1', 'pods', pod.metadata!.name)}/status`;
    expect((await get().request('PATCH', path, { status }, MERGE)).status).toBe(200);
  };

  it('runs one pod on every node that fits, cordoned ones too', async () => {
    const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
    const fitting = [
      await addNode('every', 'a'),
      await addNode('every', 'b', { unschedulable: true, taints: [cordoned] }),
    ];
    await addNode('every', 'c', { taints: [{ key: 'own', effect: 'NoSchedule' }] });
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'contract-every', operator: 'Exists' }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } },
        ],
      },
    };
    const tolerations = [{ key: 'mine', operator: 'Exists' }];
    await create('every', { template: template('every', 'a', { affinity, tolerations }) });
    const set = await rolledOut('every', 2);
    expect(set.status).toMatchObject({ numberMisscheduled: 0 });
    expect(set.status?.numberUnavailable).toBeUndefined();
    expect(set.metadata?.annotations).toEqual({ 'deprecated.daemonset.template.generation': '1' });
    const [revision] = await revisions('every');
    const hash = revision?.metadata?.labels?.['controller-revision-hash'];
    expect(hash).toMatch(/^[a-z0-9]+$/);
    const made = await pods('every');
    expect(made.map((pod) => pod.spec?.nodeName).sort()).toEqual(fitting);
    for (const { metadata, spec } of made) {
      expect(metadata?.name).toMatch(/^every-[a-z0-9]{5}$/);
      expect(metadata?.generateName).toBe('every-');
      expect(metadata?.labels).toEqual({
        daemon: 'every',
        'controller-revision-hash': hash,
        'pod-template-generation': '1',
      });
      expect(metadata?.ownerReferences).toEqual([
        {
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          name: 'every',
          uid: set.metadata?.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
      expect(spec?.schedulerName).toBe('default-scheduler');
      expect(spec?.affinity?.nodeAffinity).toEqual({
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: [spec?.nodeName] }] },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [expect.objectContaining({ weight: 1 })],
      });
      expect(spec?.tolerations).toEqual([
        { key: 'mine', operator: 'Exists' },
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
        { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
      ]);
    }
    const { items } = await get().core.listNamespacedEvent({ namespace: get().namespace });
    const told = items.map((event) => `${event.involvedObject.name} ${event.reason}: ${event.message}`);
    for (const pod of made)
      expect(told).toContain(`every SuccessfulCreate: Created pod: ${pod.metadata?.name}`);
  });

  it('keeps a revision of its template that brings it back', async () => {
    await addNode('revised', 'a');
    await create('revised');
    await rolledOut('revised', 1);
    const [first] = await revisions('revised');
    const { template: present } = (await read('revised')).spec!;
    expect(first).toMatchObject({
      metadata: {
        name: `revised-${first?.metadata?.labels?.['controller-revision-hash']}`,
        ownerReferences: [expect.objectContaining({ kind: 'DaemonSet', name: 'revised', controller: true })],
      },
      revision: 1,
      data: { spec: { template: { $patch: 'replace', spec: { containers: [{ image: 'a' }] } } } },
    });
    await patch('revised', { template: template('revised', 'b'), revisionHistoryLimit: 1 });
    await rolledOut('revised', 1);
    expect((await read('revised')).metadata?.annotations).toMatchObject({
      'deprecated.daemonset.template.generation': '2',
    });
    expect((await pods('revised'))[0]?.metadata?.labels).toMatchObject({ 'pod-template-generation': '2' });
    expect((await revisions('revised')).map(({ revision }) => revision)).toEqual([1, 2]);
    // What `kubectl rollout undo` does.
    const back = await get().request('PATCH', get().path('apps/v1', 'daemonsets', 'revised'), first?.data, {
      'content-type': 'application/strategic-merge-patch+json',
    });
    expect(back.status).toBe(200);
    await rolledOut('revised', 1);
    expect((await read('revised')).spec?.template).toEqual(present);
    const [other, again] = await revisions('revised');
    expect([other?.revision, again?.revision]).toEqual([2, 3]);
    expect(again?.metadata?.name).toBe(first?.metadata?.name);
    await patch('revised', { template: template('revised', 'c') });
    await rolledOut('revised', 1);
    await eventually(async () => {
      expect((await revisions('revised')).map(({ revision }) => revision)).toEqual([3, 4]);
    }, PATIENCE_MS);
  });

  it('rolls a new template out on no more nodes at once than allowed', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await addNode('rolling', name);
    await create('rolling', {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } },
    });
    await rolledOut('rolling', 4);
    const log = await get().watch(get().path('apps/v1', 'daemonsets'), {
      fieldSelector: 'metadata.name=rolling',
    });
    await patch('rolling', { template: template('rolling', 'b') });
    await rolledOut('rolling', 4);
    log.stop();
    expect(await images('rolling')).toEqual(['b', 'b', 'b', 'b']);
    const seen = log.events.map(({ object }) => object.status as Record<string, number>);
    const unavailable = seen.map(({ numberUnavailable = 0 }) => numberUnavailable);
    expect(Math.max(...unavailable)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...unavailable)).toBeLessThanOrEqual(2);
  });

  it('stops rolling out when new pods do not become available', async () => {
    for (const name of ['a', 'b', 'c']) await addNode('stuck', name);
    await create('stuck');
    await rolledOut('stuck', 3);
    const resources = { requests: { cpu: '1000' } };
    const containers = [{ name: 'main', image: 'b', resources }];
    await patch('stuck', { template: template('stuck', 'b', { containers }) });
    const stands = async (): Promise<void> => {
      expect(await images('stuck')).toEqual(['a', 'a', 'b']);
      expect((await read('stuck')).status).toMatchObject({
        desiredNumberScheduled: 3,
        currentNumberScheduled: 3,
        updatedNumberScheduled: 1,
        numberAvailable: 2,
        numberUnavailable: 1,
      });
    };
    await eventually(stands, PATIENCE_MS);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await stands();
    await patch('stuck', { template: template('stuck', 'c') });
    await rolledOut('stuck', 3);
    expect(await images('stuck')).toEqual(['c', 'c', 'c']);
  });

  it('counts pods as available when they were ready for long enough', async () => {
    await addNode('settling', 'a');
    await create('settling', { minReadySeconds: 2 });
    await eventually(async () => {
      expect((await read('settling')).status).toMatchObject({ numberReady: 1, numberUnavailable: 1 });
    }, PATIENCE_MS);
    await rolledOut('settling', 1);
  });

  it('leaves old pods alone when they are replaced on deletion', async () => {
    await addNode('lazy', 'a');
    await addNode('lazy', 'b');
    await create('lazy', { updateStrategy: { type: 'OnDelete' } });
    await rolledOut('lazy', 2);
    await patch('lazy', { template: template('lazy', 'b') });
    await eventually(async () => {
      const { metadata, status } = await read('lazy');
      expect(status).toMatchObject({ observedGeneration: metadata?.generation, numberAvailable: 2 });
      expect(status?.updatedNumberScheduled ?? 0).toBe(0);
    }, PATIENCE_MS);
    const [first] = await pods('lazy');
    await get().core.deleteNamespacedPod({ namespace: get().namespace, name: first!.metadata!.name! });
    await eventually(async () => {
      expect(await images('lazy')).toEqual(['a', 'b']);
      expect((await read('lazy')).status?.updatedNumberScheduled).toBe(1);
    }, PATIENCE_MS);
  });

  it('follows nodes that come, change and go', async () => {
    const a = await addNode('moving', 'a');
    await create('moving');
    await rolledOut('moving', 1);
    const b = await addNode('moving', 'b');
    await rolledOut('moving', 2);
    expect(await nodesOf('moving')).toEqual([a, b]);
    // A taint keeps pods away; only NoExecute drives out those that are there.
    await patchNode(b, { spec: { taints: [{ key: 'own', effect: 'NoSchedule' }] } });
    // The real controller does not count anew before it has a reason of its own to look at the set.
    await patch('moving', { minReadySeconds: 1 });
    await eventually(async () => {
      expect((await read('moving')).status).toMatchObject({
        desiredNumberScheduled: 1,
        currentNumberScheduled: 1,
        numberMisscheduled: 1,
      });
    }, PATIENCE_MS);
    expect(await nodesOf('moving')).toEqual([a, b]);
    await patchNode(b, { spec: { taints: [{ key: 'own', effect: 'NoExecute' }] } });
    await eventually(async () => expect(await nodesOf('moving')).toEqual([a]), PATIENCE_MS);
    await patchNode(b, { spec: { taints: null } });
    await rolledOut('moving', 2);
    await patchNode(a, { metadata: { labels: { 'contract-moving': null } } });
    await eventually(async () => expect(await nodesOf('moving')).toEqual([b]), PATIENCE_MS);
    await get().core.deleteNode({ name: b });
    await patch('moving', { minReadySeconds: 0 });
    await eventually(async () => {
      expect((await read('moving')).status).toMatchObject({
        desiredNumberScheduled: 0,
        currentNumberScheduled: 0,
      });
    }, PATIENCE_MS);
  });

  it('adopts the pods it selects, lets others go and replaces what ends', async () => {
    const { core, namespace } = get();
    const a = await addNode('adopting', 'a');
    await core.createNamespacedPod({
      namespace,
      body: {
        ...template('adopting', 'a', { nodeName: a }),
        metadata: { name: 'stray', labels: { daemon: 'adopting' } },
      },
    });
    await create('adopting', { updateStrategy: { type: 'OnDelete' } });
    const owned = (check: (name: string | undefined) => boolean) =>
      eventually(async () => {
        const found = (await pods('adopting')).filter((pod) => pod.status?.phase === 'Running');
        expect(found).toHaveLength(1);
        expect(check(found[0]?.metadata?.name)).toBe(true);
        return found[0]!;
      }, PATIENCE_MS);
    await eventually(async () => {
      const stray = await owned((name) => name === 'stray');
      expect(stray.metadata?.ownerReferences).toEqual([
        expect.objectContaining({ kind: 'DaemonSet', name: 'adopting', controller: true }),
      ]);
    }, PATIENCE_MS);
    const path = get().path('v1', 'pods', 'stray');
    await get().request('PATCH', path, { metadata: { labels: { daemon: 'elsewhere' } } }, MERGE);
    const second = await owned((name) => name !== 'stray');
    const released = await core.readNamespacedPod({ namespace, name: 'stray' });
    expect(released.metadata?.ownerReferences ?? []).toEqual([]);
    await setStatus(second, { phase: 'Failed' });
    const third = await owned((name) => name !== second.metadata?.name);
    await core.deleteNamespacedPod({ namespace, name: third.metadata!.name! });
    await owned((name) => name !== third.metadata?.name);
    const { items } = await core.listNamespacedEvent({ namespace });
    const told = items.map((event) => `${event.reason}: ${event.message}`);
    expect(told).toContain(
      `FailedDaemonPod: Found failed daemon pod ${namespace}/${second.metadata?.name} on node ${a}, will try to kill it`,
    );
  });

  it('leaves its pods behind when it is deleted as an orphaning owner, and takes them along otherwise', async () => {
    const { namespace } = get();
    await addNode('deleted', 'a');
    await create('deleted');
    await rolledOut('deleted', 1);
    const before = (await pods('deleted')).map((pod) => pod.metadata?.name);
    await apps().deleteNamespacedDaemonSet({ namespace, name: 'deleted', propagationPolicy: 'Orphan' });
    await eventually(async () => {
      const left = await pods('deleted');
      expect(left.map((pod) => pod.metadata?.name)).toEqual(before);
      expect(left[0]?.metadata?.ownerReferences ?? []).toEqual([]);
      expect(
        await apps()
          .readNamespacedDaemonSet({ namespace, name: 'deleted' })
          .catch(() => 'gone'),
      ).toBe('gone');
    }, PATIENCE_MS);
    await create('deleted');
    await rolledOut('deleted', 1);
    expect((await pods('deleted')).map((pod) => pod.metadata?.name)).toEqual(before);
    await apps().deleteNamespacedDaemonSet({ namespace, name: 'deleted', propagationPolicy: 'Foreground' });
    await eventually(async () => {
      expect(await pods('deleted')).toEqual([]);
      expect(await revisions('deleted')).toEqual([]);
    }, PATIENCE_MS);
  });

  it('says why a node has no pod', async () => {
    await addNode('forbidden', 'a');
    await create('forbidden', {
      template: template('forbidden', 'a', { priorityClassName: 'no-such-class' }),
    });
    await eventually(async () => {
      const { items } = await get().core.listNamespacedEvent({
        namespace: get().namespace,
        fieldSelector: 'involvedObject.name=forbidden',
      });
      const reasons = items.map((event) => `${event.type} ${event.reason}: ${event.message}`);
      expect(reasons).toContainEqual(
        expect.stringMatching(/^Warning FailedCreate: .*no PriorityClass with name no-such-class was found/),
      );
      expect((await read('forbidden')).status).toMatchObject({
        desiredNumberScheduled: 1,
        currentNumberScheduled: 0,
        numberUnavailable: 1,
      });
    }, PATIENCE_MS);
  });
}
