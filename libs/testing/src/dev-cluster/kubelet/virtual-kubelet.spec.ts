import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { V1Node, V1PodStatus } from '@kubernetes/client-node';
import { ContractCluster, eventually } from '../contract/contract-cluster.js';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';
import { isReady, PodLab } from '../test/pod-lab.js';

const node = (name: string, extra: Partial<V1Node> = {}): V1Node => ({
  metadata: { name, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
  status: {
    allocatable: { cpu: '8', memory: '64Gi', pods: '10', 'nvidia.com/gpu': '8' },
    capacity: { cpu: '8', memory: '64Gi', pods: '10', 'nvidia.com/gpu': '8' },
  },
  ...extra,
});
const container = { name: 'main', image: 'any/image:1' };

describe('virtual nodes', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'virtual-nodes-'));
  let cluster: DevCluster;
  let lab: PodLab;
  const start = async (): Promise<void> => {
    cluster = await startDevCluster({ dataDir, nodes: 0 });
    lab = new PodLab(cluster.kubeconfig);
  };
  const create = (name: string, spec: object = {}) =>
    lab.api.createNamespacedPod({
      namespace: 'default',
      body: { metadata: { name }, spec: { nodeName: 'v1', containers: [container], ...spec } },
    });

  beforeEach(start);
  afterEach(() => cluster.stop());
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('runs a pod at once, without a process', async () => {
    await lab.api.createNode({ body: node('v1') });
    const startedMs = Date.now();
    await create('first');
    const pod = await lab.running('first');
    expect(Date.now() - startedMs).toBeLessThan(1000);
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: expect.stringMatching(/^127\.2[45]\d\./) });
    expect(pod.status?.startTime).toBeInstanceOf(Date);
    expect(pod.status?.containerStatuses).toEqual([
      expect.objectContaining({ name: 'main', ready: true, started: true, restartCount: 0 }),
    ]);
    expect(pod.status?.conditions?.map((c) => [c.type, c.status]).sort()).toEqual([
      ['ContainersReady', 'True'],
      ['Initialized', 'True'],
      ['PodScheduled', 'True'],
      ['Ready', 'True'],
    ]);
    await expect(lab.log('first')).rejects.toThrow('pod first is on a virtual node and prints nothing');
    expect((await lab.api.readNode({ name: 'v1' })).status?.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True' }),
    ]);
  });

  it('takes its pods up again after a restart, and gives no address twice', async () => {
    const before = await lab.read('first');
    await create('second');
    const second = await lab.running('second');
    expect(second.status?.podIP).not.toBe(before.status?.podIP);
    await cluster.stop();
    await start();
    expect((await lab.read('first')).status).toEqual(before.status);
    await create('third');
    const third = await lab.running('third');
    expect([before.status?.podIP, second.status?.podIP]).not.toContain(third.status?.podIP);
    await lab.delete('third');
    await lab.gone('third', 1000);
  });

  it('ends init containers in their order before the others start', async () => {
    const initContainers = [
      { ...container, name: 'one' },
      { ...container, name: 'two' },
      { ...container, name: 'side', restartPolicy: 'Always' },
    ];
    const watcher = new ContractCluster(cluster);
    const log = await watcher.watch('/api/v1/pods', { fieldSelector: 'metadata.name=inits' });
    await create('inits', { initContainers });
    const pod = await lab.running('inits');
    log.stop();
    const phases = log.events.map(({ object }) => {
      const { initContainerStatuses = [], phase } = object.status as V1PodStatus;
      return [...initContainerStatuses.map((s) => Object.keys(s.state ?? {})[0]), phase].join(' ');
    });
    expect([...new Set(phases)]).toEqual([
      'Pending',
      'running waiting waiting Pending',
      'terminated running waiting Pending',
      'terminated terminated running Pending',
      'terminated terminated running Running',
    ]);
    const [one, two, side] = pod.status?.initContainerStatuses ?? [];
    for (const ended of [one, two]) expect(ended?.state?.terminated).toMatchObject({ exitCode: 0 });
    expect(side?.state?.running).toBeDefined();
    expect(pod.status?.containerStatuses?.[0]?.ready).toBe(true);
  });

  it('leaves the status to whoever plays a failure', async () => {
    const pod = await lab.read('first');
    const conditions = pod.status!.conditions!.map((c) =>
      c.type === 'Ready' ? { ...c, status: 'False' } : c,
    );
    await lab.api.replaceNamespacedPodStatus({
      namespace: 'default',
      name: 'first',
      body: { ...pod, status: { ...pod.status, conditions } },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isReady(await lab.read('first'))).toBe(false);
  });

  it('keeps the readiness a node was created with, and runs pods bound before it came', async () => {
    await create('early', { nodeName: 'v2' });
    const broken = { type: 'Ready', status: 'False', reason: 'Broken' };
    await lab.api.createNode({
      body: node('v2', { status: { ...node('v2').status, conditions: [broken] } }),
    });
    await lab.running('early');
    expect((await lab.api.readNode({ name: 'v2' })).status?.conditions).toEqual([
      expect.objectContaining(broken),
    ]);
  });

  it('gives a node without resources ample ones', async () => {
    await lab.api.createNode({ body: { metadata: node('v3').metadata } });
    await eventually(async () =>
      expect((await lab.api.readNode({ name: 'v3' })).status?.allocatable).toMatchObject({ pods: '1M' }),
    );
    const plain = await lab.api.createNode({ body: { metadata: { name: 'plain' } } });
    expect(plain.status?.conditions).toBeUndefined();
    await create('nobody', { nodeName: 'plain' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await lab.read('nobody')).status?.phase).toBe('Pending');
  });

  it('holds a deleted pod only as long as its finalizers do', async () => {
    const body = {
      metadata: { name: 'held', finalizers: ['penstock.dev/hold'] },
      spec: { nodeName: 'v1', containers: [container] },
    };
    await lab.api.createNamespacedPod({ namespace: 'default', body });
    await lab.running('held');
    await lab.delete('held');
    const held = await lab.until('held', (p) => p.metadata?.deletionGracePeriodSeconds === 0);
    await lab.api.replaceNamespacedPod({
      namespace: 'default',
      name: 'held',
      body: { ...held, metadata: { ...held.metadata, finalizers: [] } },
    });
    await lab.gone('held');
  });

  it('removes the pods of a node that is gone', async () => {
    await create('stranded', { nodeName: 'v3' });
    await lab.running('stranded');
    await lab.api.deleteNode({ name: 'v3' });
    await lab.gone('stranded');
  });

  it('binds pods of the default scheduler by affinity, taints and cordons', async () => {
    const taints = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }];
    await lab.api.createNode({ body: { ...node('tainted'), spec: { taints } } });
    await lab.api.createNode({ body: { ...node('cordoned'), spec: { unschedulable: true } } });
    const only = (...names: string[]) => ({
      nodeName: undefined,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchFields: names.map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })),
              },
            ],
          },
        },
      },
    });
    await create('intolerant', only('tainted'));
    await create('tolerant', { ...only('tainted'), tolerations: [{ key: 'gpu', operator: 'Exists' }] });
    await create('waiting', only('cordoned'));
    expect((await lab.running('tolerant')).spec?.nodeName).toBe('tainted');
    const refused = await lab.until('intolerant', (p) =>
      Boolean(p.status?.conditions?.some((c) => c.reason === 'Unschedulable')),
    );
    expect(refused.status?.conditions?.find((c) => c.type === 'PodScheduled')?.message).toContain(
      '1 node(s) had untolerated taint(s)',
    );
    const cordoned = await lab.api.readNode({ name: 'cordoned' });
    await lab.api.replaceNode({ name: 'cordoned', body: { ...cordoned, spec: {} } });
    expect((await lab.running('waiting')).spec?.nodeName).toBe('cordoned');
  });
});
