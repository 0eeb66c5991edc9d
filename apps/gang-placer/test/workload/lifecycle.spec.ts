import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
  serviceKind,
} from '@penstock/contracts';
import { clique, NAMESPACE, podCliqueSet, WorkloadLab } from './workload-lab.js';

const inOrder = {
  cliqueStartupType: 'CliqueStartupTypeInOrder',
  cliques: [
    clique('router'),
    clique('prefill', { replicas: 2 }, { labels: { 'llm-d.ai/role': 'prefill' } }),
    clique('decode', { replicas: 3, minAvailable: 2 }),
  ],
};

const grouped = {
  cliques: [clique('router'), clique('leader'), clique('worker', { replicas: 2 })],
  podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 3, minAvailable: 1 }],
};

let lab: WorkloadLab;
beforeEach(async () => {
  lab = new WorkloadLab();
  await lab.start();
});
afterEach(() => lab.stop());

const condition = (
  object: {
    status?: { conditions?: Array<{ type: string; status: string; reason: string; message: string }> };
  },
  type: string,
) => object.status?.conditions?.find((c) => c.type === type);

describe('a set with an order', () => {
  beforeEach(() => lab.apply(podCliqueSet(inOrder)));

  it('becomes one gang whose gates open when every pod exists', async () => {
    expect(await lab.names('cliques')).toEqual(['pcs-0-decode', 'pcs-0-prefill', 'pcs-0-router']);
    expect(await lab.names()).toEqual([
      'pcs-0-decode-0',
      'pcs-0-decode-1',
      'pcs-0-decode-2',
      'pcs-0-prefill-0',
      'pcs-0-prefill-1',
      'pcs-0-router-0',
    ]);
    const gang = await lab.gang('pcs-0');
    expect(gang.spec.podgroups).toEqual([
      {
        name: 'pcs-0-router',
        minReplicas: 1,
        podReferences: [{ namespace: NAMESPACE, name: 'pcs-0-router-0' }],
      },
      {
        name: 'pcs-0-prefill',
        minReplicas: 2,
        podReferences: [0, 1].map((i) => ({ namespace: NAMESPACE, name: `pcs-0-prefill-${i}` })),
      },
      {
        name: 'pcs-0-decode',
        minReplicas: 2,
        podReferences: [0, 1, 2].map((i) => ({ namespace: NAMESPACE, name: `pcs-0-decode-${i}` })),
      },
    ]);
    expect(condition(gang, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodGangPodsCreated' });
    expect(gang.status?.phase).toBe('Pending');
    expect(await lab.gated()).toEqual([]);
  });

  it('gives its pods names, labels, environment and the gate of the start', async () => {
    const { metadata, spec } = await lab.pod('pcs-0-prefill-1');
    expect(metadata.labels).toMatchObject({
      'llm-d.ai/role': 'prefill',
      'grove.io/podclique': 'pcs-0-prefill',
      'grove.io/podgang': 'pcs-0',
      'grove.io/podclique-pod-index': '1',
      'grove.io/podcliqueset-replica-index': '0',
      'app.kubernetes.io/part-of': 'pcs',
    });
    expect(spec).toMatchObject({
      hostname: 'pcs-0-prefill-1',
      subdomain: 'pcs-0',
      schedulerName: 'penstock-gang-placer',
      restartPolicy: 'Always',
      initContainers: [
        { name: 'penstock-startup-gate', image: 'gate', args: ['--file=/etc/penstock/start/allowed'] },
      ],
    });
    const env = Object.fromEntries((spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
    expect(env).toEqual({
      GROVE_PCS_NAME: 'pcs',
      GROVE_PCS_INDEX: '0',
      GROVE_PCLQ_NAME: 'pcs-0-prefill',
      GROVE_HEADLESS_SERVICE: 'pcs-0.llm.svc.cluster.local',
      GROVE_PCLQ_POD_INDEX: '1',
    });
    expect((await lab.pod('pcs-0-router-0')).spec?.['initContainers']).toBeUndefined();
    const service = await lab.cluster.get(serviceKind, NAMESPACE, 'pcs-0');
    expect(service?.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(metadata.labels).toMatchObject(service?.spec?.selector ?? { no: 'selector' });
  });

  it('starts each clique when the one before has its minimum ready', async () => {
    const allowed = async () =>
      (await lab.pods())
        .filter(({ metadata }) => metadata.annotations?.['penstock.dev/start-allowed'] === 'true')
        .map(({ metadata }) => metadata.name);
    await lab.bind();
    expect(await allowed()).toEqual([]);
    expect((await lab.gang('pcs-0')).status?.phase).toBe('Starting');
    await lab.ready(true, 'pcs-0-router-0');
    expect(await allowed()).toEqual(['pcs-0-prefill-0', 'pcs-0-prefill-1']);
    await lab.ready(true, 'pcs-0-prefill-0');
    expect(await allowed()).toHaveLength(2);
    await lab.ready(true, 'pcs-0-prefill-1');
    expect(await allowed()).toHaveLength(5);
    await lab.ready();
    expect((await lab.gang('pcs-0')).status?.phase).toBe('Running');
    expect((await lab.set()).status).toMatchObject({ replicas: 1, availableReplicas: 1, updatedReplicas: 1 });
    expect((await lab.clique('pcs-0-decode')).status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      scheduledReplicas: 3,
      updatedReplicas: 3,
      scheduleGatedReplicas: 0,
    });
    expect(new Set(lab.cluster.events.map(({ reason }) => reason))).toEqual(
      new Set([
        'PodGangCreated',
        'PodGangComplete',
        'PodGangScheduled',
        'PodGangReady',
        'WaitingToStart',
        'StartAllowed',
      ]),
    );
  });

  it('lets a clique start whose parent sleeps', async () => {
    await lab.scale(podCliqueKind, 'pcs-0-prefill', 0);
    await lab.run();
    expect((await lab.gang('pcs-0')).status?.phase).toBe('Running');
    expect((await lab.pod('pcs-0-decode-0')).metadata.annotations?.['penstock.dev/start-allowed']).toBe(
      'true',
    );
  });

  it('makes again what somebody deletes', async () => {
    await lab.run();
    const uids = (await lab.pods()).map(({ metadata }) => metadata.uid);
    await lab.cluster.delete(podGangKind, NAMESPACE, 'pcs-0');
    await lab.cluster.delete(serviceKind, NAMESPACE, 'pcs-0');
    await lab.settle();
    expect((await lab.gang('pcs-0')).status?.phase).toBe('Running');
    expect(await lab.cluster.get(serviceKind, NAMESPACE, 'pcs-0')).toBeDefined();
    expect((await lab.pods()).map(({ metadata }) => metadata.uid)).toEqual(uids);
    await lab.cluster.delete(podCliqueKind, NAMESPACE, 'pcs-0-router');
    await lab.settle();
    expect(await lab.names()).toContain('pcs-0-router-0');
  });

  it('scales a clique to 0 and back, and keeps what was scaled when the template changes', async () => {
    await lab.run();
    await lab.scale(podCliqueKind, 'pcs-0-decode', 0);
    expect(await lab.names()).toEqual(['pcs-0-prefill-0', 'pcs-0-prefill-1', 'pcs-0-router-0']);
    expect((await lab.gang('pcs-0')).spec.podgroups[2]).toMatchObject({ minReplicas: 0, podReferences: [] });
    expect(condition(await lab.clique('pcs-0-decode'), 'MinAvailableBreached')?.status).toBe('False');
    await lab.scale(podCliqueKind, 'pcs-0-decode', 4);
    expect(await lab.gated()).toEqual([]);
    expect((await lab.gang('pcs-0')).spec.podgroups[2]).toMatchObject({ minReplicas: 2 });
    expect((await lab.gang('pcs-0')).spec.podgroups[2]?.podReferences).toHaveLength(4);
    const changed = structuredClone(inOrder);
    (changed.cliques[2]?.spec as { replicas?: number }).replicas = 7;
    await lab.apply(podCliqueSet(changed));
    expect((await lab.clique('pcs-0-decode')).spec.replicas).toBe(4);
  });

  it('takes drained pods first when it scales down, and gives their index again', async () => {
    await lab.run();
    await lab.cluster.mergePatch(podKind, NAMESPACE, 'pcs-0-decode-0', {
      metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-1000' } },
    });
    await lab.scale(podCliqueKind, 'pcs-0-decode', 2);
    expect(await lab.names()).toEqual(expect.not.arrayContaining(['pcs-0-decode-0']));
    expect(await lab.names()).toEqual(expect.arrayContaining(['pcs-0-decode-1', 'pcs-0-decode-2']));
    await lab.scale(podCliqueKind, 'pcs-0-decode', 3);
    expect(await lab.names()).toContain('pcs-0-decode-0');
  });

  it('replaces a pod under its name once the old one is gone', async () => {
    await lab.run();
    const before = await lab.pod('pcs-0-prefill-0');
    await lab.cluster.mergePatch(podKind, NAMESPACE, 'pcs-0-prefill-0', { metadata: { finalizers: ['x'] } });
    await lab.deletePod('pcs-0-prefill-0');
    expect((await lab.pod('pcs-0-prefill-0')).metadata.uid).toBe(before.metadata.uid);
    expect(condition(await lab.gang('pcs-0'), 'Ready')).toMatchObject({
      status: 'False',
      message: 'pcs-0-prefill: 1 of 2 ready',
    });
    await lab.cluster.mergePatch(podKind, NAMESPACE, 'pcs-0-prefill-0', { metadata: { finalizers: [] } });
    await lab.settle();
    const after = await lab.pod('pcs-0-prefill-0');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(await lab.gated()).toEqual([]);
    expect(after.metadata.annotations?.['penstock.dev/start-allowed']).toBe('true');
  });

  it('replaces a pod that failed for good', async () => {
    await lab.run();
    const before = await lab.pod('pcs-0-decode-1');
    await lab.cluster.mergePatch(
      podKind,
      NAMESPACE,
      'pcs-0-decode-1',
      { status: { phase: 'Failed' } },
      { subresource: 'status' },
    );
    await lab.settle();
    expect((await lab.pod('pcs-0-decode-1')).metadata.uid).not.toBe(before.metadata.uid);
  });

  it('goes with its set', async () => {
    await lab.run();
    await lab.cluster.delete(podCliqueSetKind, NAMESPACE, 'pcs');
    await lab.settle();
    for (const kind of ['pods', 'cliques', 'gangs', 'groups'] as const)
      expect(await lab.names(kind)).toEqual([]);
    expect(await lab.cluster.list(serviceKind, {})).toEqual([]);
    await lab.apply(podCliqueSet(inOrder));
    expect(await lab.names()).toHaveLength(6);
  });

  it('follows the replicas of the set', async () => {
    await lab.run();
    await lab.scale(podCliqueSetKind, 'pcs', 2);
    expect(await lab.names('gangs')).toEqual(['pcs-0', 'pcs-1']);
    expect(await lab.names()).toHaveLength(12);
    await lab.scale(podCliqueSetKind, 'pcs', 0);
    for (const kind of ['pods', 'cliques', 'gangs'] as const) expect(await lab.names(kind)).toEqual([]);
    expect((await lab.set()).status).toMatchObject({ replicas: 0, availableReplicas: 0 });
  });
});

describe('a set with a scaling group', () => {
  beforeEach(() => lab.apply(podCliqueSet(grouped)));

  it('has a base gang and scaled gangs, which wait for the base', async () => {
    expect(await lab.names('gangs')).toEqual(['pcs-0', 'pcs-0-sg-0', 'pcs-0-sg-1']);
    expect((await lab.gang('pcs-0')).spec.podgroups.map(({ name }) => name)).toEqual([
      'pcs-0-router',
      'pcs-0-sg-0-leader',
      'pcs-0-sg-0-worker',
    ]);
    expect((await lab.gang('pcs-0-sg-1')).spec.podgroups.map(({ name }) => name)).toEqual([
      'pcs-0-sg-2-leader',
      'pcs-0-sg-2-worker',
    ]);
    expect((await lab.gang('pcs-0-sg-1')).metadata.labels).toMatchObject({
      'grove.io/base-podgang': 'pcs-0',
    });
    const scaled = [1, 2].flatMap((i) => [
      `pcs-0-sg-${i}-leader-0`,
      `pcs-0-sg-${i}-worker-0`,
      `pcs-0-sg-${i}-worker-1`,
    ]);
    expect(await lab.gated()).toEqual(scaled);
    await lab.bind('pcs-0-router-0', 'pcs-0-sg-0-leader-0', 'pcs-0-sg-0-worker-0');
    expect(await lab.gated()).toEqual(scaled);
    await lab.bind('pcs-0-sg-0-worker-1');
    expect(await lab.gated()).toEqual([]);
  });

  it('scales by whole replicas, from the last, to 0 and back', async () => {
    await lab.run();
    expect((await lab.group('pcs-0-sg')).status).toMatchObject({
      replicas: 3,
      scheduledReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
    });
    await lab.scale(podCliqueScalingGroupKind, 'pcs-0-sg', 2);
    expect(await lab.names('gangs')).toEqual(['pcs-0', 'pcs-0-sg-0']);
    expect(await lab.names('cliques')).toEqual(expect.not.arrayContaining(['pcs-0-sg-2-leader']));
    expect(await lab.names()).toHaveLength(7);
    await lab.scale(podCliqueScalingGroupKind, 'pcs-0-sg', 0);
    expect(await lab.names()).toEqual(['pcs-0-router-0']);
    expect((await lab.gang('pcs-0')).spec.podgroups.map(({ name }) => name)).toEqual(['pcs-0-router']);
    await lab.scale(podCliqueScalingGroupKind, 'pcs-0-sg', 4);
    await lab.run();
    expect(await lab.names('gangs')).toEqual(['pcs-0', 'pcs-0-sg-0', 'pcs-0-sg-1', 'pcs-0-sg-2']);
    expect((await lab.group('pcs-0-sg')).status).toMatchObject({ replicas: 4, availableReplicas: 4 });
    const env = (await lab.pod('pcs-0-sg-3-worker-0')).spec?.containers[0]?.env;
    expect(Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]))).toMatchObject({
      GROVE_PCSG_NAME: 'pcs-0-sg',
      GROVE_PCSG_INDEX: '3',
      GROVE_PCSG_TEMPLATE_NUM_PODS: '3',
    });
  });
});
