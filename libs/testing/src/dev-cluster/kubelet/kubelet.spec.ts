import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';
import { isReady, LAB_IMAGES, labCidr, PodLab, restarts } from '../test/pod-lab.js';

describe('simulated kubelet', () => {
  let cluster: DevCluster;
  let lab: PodLab;

  beforeAll(async () => {
    cluster = await startDevCluster({ images: LAB_IMAGES, podCidr: labCidr(0), nodes: 2, gpusPerNode: 4 });
    lab = new PodLab(cluster.kubeconfig);
  });
  afterAll(() => cluster?.stop());

  it('shows its nodes ready, with their GPUs', async () => {
    const { items } = await lab.api.listNode();
    expect(items.map((node) => [node.metadata?.name, node.status?.allocatable?.['nvidia.com/gpu']])).toEqual([
      ['node-1', '4'],
      ['node-2', '4'],
    ]);
    for (const node of items) {
      expect(node.status?.conditions).toEqual([expect.objectContaining({ type: 'Ready', status: 'True' })]);
    }
  });

  it('runs a pod as a process on an address of its own', async () => {
    await lab.create('first');
    await lab.create('second');
    const [first, second] = [await lab.running('first'), await lab.running('second')];
    expect(first.status?.podIP).not.toBe(second.status?.podIP);
    expect(first.status).toMatchObject({ phase: 'Running', hostIP: '127.0.0.1' });
    expect(first.status?.startTime).toBeInstanceOf(Date);
    const [status] = first.status?.containerStatuses ?? [];
    expect(status).toMatchObject({ name: 'main', ready: true, started: true, restartCount: 0 });
    expect(status?.containerID).toMatch(/^penstock:\/\/[0-9a-f]{64}$/);
    expect(status?.state?.running?.startedAt).toBeInstanceOf(Date);
    await expect(fetch(`http://${first.status?.podIP}:8000/`)).resolves.toMatchObject({ status: 200 });
    expect((await lab.call(second)).podIp).toBe(second.status?.podIP);
  });

  it('passes args and environment, and keeps what the container prints', async () => {
    await lab.api.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'settings' }, data: { mode: 'fast' } },
    });
    const env = [
      { name: 'PLAIN', value: 'x' },
      { name: 'COMBINED', value: '$(PLAIN)-$(POD_NAME)' },
      { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } },
    ];
    process.env['SECRET_OF_THE_HOST'] = 'leak';
    const created = await lab.create('told', ['--model', '$(MODE)', '--port', '8000'], {}, { env });
    const pod = await lab.running('told');
    const [line = ''] = (await lab.log('told')).split('\n');
    const printed = JSON.parse(line) as { args: string[]; env: Record<string, string> };
    expect(printed.args).toEqual(['--model', 'fast', '--port', '8000', '--host', pod.status?.podIP]);
    expect(printed.env).toMatchObject({
      COMBINED: 'x-told',
      UID: created.metadata?.uid,
      NODE: pod.spec?.nodeName,
      POD_NAME: 'told',
      POD_NAMESPACE: 'default',
      POD_IP: pod.status?.podIP,
    });
    expect(printed.env).not.toHaveProperty('SECRET_OF_THE_HOST');
    delete process.env['SECRET_OF_THE_HOST'];
  });

  it('says which image it cannot run', async () => {
    await lab.create('unknown', [], {}, { image: 'vllm/vllm-openai:v0.18.0' });
    const pod = await lab.until('unknown', (p) => p.status?.containerStatuses !== undefined);
    expect(pod.status?.phase).toBe('Pending');
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'ErrImageNeverPull',
      message: expect.stringContaining('vllm/vllm-openai:v0.18.0'),
    });
    await lab.delete('unknown');
    await lab.gone('unknown');
  });

  it('runs another image when the pod names one', async () => {
    await lab.create('changing', [], {}, { image: 'not/here' });
    const wrong = await lab.until('changing', (p) => p.status?.containerStatuses !== undefined);
    const containers = wrong.spec!.containers.map((c) => ({ ...c, image: 'lab/server:2' }));
    const spec = { ...wrong.spec!, containers };
    await lab.api.replaceNamespacedPod({
      namespace: 'default',
      name: 'changing',
      body: { metadata: { name: 'changing' }, spec },
    });
    const right = await lab.running('changing');
    expect(right.status?.containerStatuses?.[0]?.image).toBe('lab/server:2');
    const again = { ...spec, containers: containers.map((c) => ({ ...c, image: 'lab/server:3' })) };
    await lab.api.replaceNamespacedPod({
      namespace: 'default',
      name: 'changing',
      body: { metadata: { name: 'changing' }, spec: again },
    });
    await lab.until('changing', (p) => restarts(p) === 1 && isReady(p));
  });

  it('waits for a config map that is not there yet', async () => {
    const env = [{ name: 'LATE', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }];
    await lab.create('early', [], {}, { env });
    const waiting = await lab.until('early', (p) => p.status?.containerStatuses !== undefined);
    expect(waiting.status?.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
    });
    await lab.api.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'late' }, data: { k: 'v' } },
    });
    await lab.running('early');
  });

  it('is ready only while the readiness probe passes', async () => {
    await lab.create('probed');
    const pod = await lab.running('probed');
    await lab.call(pod, '/set?path=/health&status=503');
    const unready = await lab.until('probed', (p) => !isReady(p));
    expect(unready.status?.phase).toBe('Running');
    expect(restarts(unready)).toBe(0);
    await lab.call(pod, '/set?path=/health&status=200');
    await lab.running('probed');
  });

  it('restarts a container whose liveness probe fails', async () => {
    const livenessProbe = {
      httpGet: { path: '/live', port: 8000 },
      periodSeconds: 1,
      initialDelaySeconds: 1,
    };
    await lab.create('lively', [], {}, { livenessProbe });
    const pod = await lab.running('lively');
    const before = await lab.call(pod);
    await lab.call(pod, '/set?path=/live&status=500');
    const after = await lab.until('lively', (p) => restarts(p) === 1 && isReady(p));
    expect((await lab.call(after)).pid).not.toBe(before.pid);
    const { items } = await lab.api.listNamespacedEvent({
      namespace: 'default',
      fieldSelector: 'reason=Unhealthy,involvedObject.name=lively',
    });
    expect(items[0]?.message).toContain('Liveness probe failed: HTTP probe failed with statuscode: 500');
  });

  it('restarts what exits, first at once, then ever later', async () => {
    await lab.create('crashing', ['--exit', '3']);
    const pod = await lab.until(
      'crashing',
      (p) => p.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const [status] = pod.status?.containerStatuses ?? [];
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(status?.restartCount).toBeGreaterThanOrEqual(1);
    expect(pod.status?.phase).toBe('Running');
    expect(isReady(pod)).toBe(false);
    expect(await lab.log('crashing', { previous: true })).toContain('"--exit"');
    await lab.delete('crashing');
    await lab.gone('crashing');
  });

  it.each([
    ['Never', '0', 'Succeeded', 'Completed'],
    ['Never', '7', 'Failed', 'Error'],
    ['OnFailure', '0', 'Succeeded', 'Completed'],
  ])(
    'ends a pod with restartPolicy %s and exit code %s as %s',
    async (restartPolicy, code, phase, reason) => {
      const name = `ends-${restartPolicy.toLowerCase()}-${code}`;
      await lab.create(name, ['--exit', code], { restartPolicy });
      const pod = await lab.until(name, (p) => p.status?.phase === phase);
      expect(pod.status?.containerStatuses?.[0]).toMatchObject({
        restartCount: 0,
        ready: false,
        state: { terminated: { exitCode: Number(code), reason } },
      });
      await lab.delete(name);
      await lab.gone(name);
    },
  );

  it('says that a program cannot be started', async () => {
    await lab.create('nothing', [], { restartPolicy: 'Never' }, { image: 'lab/missing' });
    const pod = await lab.until('nothing', (p) => p.status?.phase === 'Failed');
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message: expect.stringContaining('/no/such/program'),
    });
  });

  it('runs init containers to their end before the others', async () => {
    const initContainers = [{ name: 'prepare', image: 'lab/server', args: ['--exit', '0'] }];
    await lab.create('prepared', [], { initContainers });
    const pod = await lab.running('prepared');
    const [init] = pod.status?.initContainerStatuses ?? [];
    expect(init?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const blocked = [{ name: 'prepare', image: 'lab/server', args: ['--exit', '1'] }];
    await lab.create('blocked', [], { initContainers: blocked, restartPolicy: 'Never' });
    const failed = await lab.until('blocked', (p) => p.status?.phase === 'Failed');
    expect(failed.status?.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'PodInitializing',
    });
  });

  it('stops a deleted pod within its grace, and removes it then', async () => {
    await lab.create('polite');
    const { pid } = await lab.call(await lab.running('polite'));
    await lab.delete('polite');
    await lab.gone('polite');
    expect(existsSync(`/proc/${pid}`)).toBe(false);

    await lab.create('stubborn', ['--ignore-sigterm', 'yes']);
    const stubborn = await lab.call(await lab.running('stubborn'));
    const startedMs = Date.now();
    await lab.delete('stubborn', 1);
    const dying = await lab.read('stubborn');
    expect(dying.metadata?.deletionTimestamp).toBeInstanceOf(Date);
    await lab.gone('stubborn');
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(900);
    expect(existsSync(`/proc/${stubborn.pid}`)).toBe(false);
  });

  it('kills the process of a pod that is removed without grace', async () => {
    await lab.create('forced', ['--ignore-sigterm', 'yes']);
    const { pid } = await lab.call(await lab.running('forced'));
    await lab.delete('forced', 0);
    await lab.gone('forced');
    for (let tries = 0; tries < 50 && existsSync(`/proc/${pid}`); tries++)
      await new Promise((r) => setTimeout(r, 20));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('follows a log', async () => {
    await lab.create('talking');
    await lab.running('talking');
    const answer = await fetch(
      `${cluster.url}/api/v1/namespaces/default/pods/talking/log?follow=true&tailLines=1`,
    );
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value!).toString()).toContain('"pid"');
    await reader.cancel();
  });

  it('binds pods by free GPUs, and says why one waits', async () => {
    const resources = { limits: { 'nvidia.com/gpu': '3' } };
    for (const name of ['gpu-a', 'gpu-b']) await lab.create(name, [], {}, { resources });
    const [a, b] = [await lab.running('gpu-a'), await lab.running('gpu-b')];
    expect(a.spec?.nodeName).not.toBe(b.spec?.nodeName);
    await lab.create('gpu-c', [], {}, { resources });
    const waiting = await lab.until(
      'gpu-c',
      (p) => p.status?.conditions?.some((c) => c.reason === 'Unschedulable') ?? false,
    );
    expect(waiting.status?.conditions?.find((c) => c.type === 'PodScheduled')).toMatchObject({
      status: 'False',
      message: '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.',
    });
    await lab.delete('gpu-a');
    await lab.running('gpu-c');
  });

  it('leaves pods with gates or another scheduler alone', async () => {
    await lab.create('foreign', [], { schedulerName: 'gang-placer' });
    await lab.create('held', [], { schedulingGates: [{ name: 'penstock.dev/gang' }] });
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const name of ['foreign', 'held']) expect((await lab.read(name)).spec?.nodeName).toBeUndefined();
    const body = { metadata: { name: 'foreign' }, target: { kind: 'Node', name: 'node-2' } };
    await lab.api.createNamespacedPodBinding({ namespace: 'default', name: 'foreign', body });
    expect((await lab.running('foreign')).spec?.nodeName).toBe('node-2');
  });
});

describe('simulated kubelet with too few addresses', () => {
  it('says that a pod waits for an address', async () => {
    const podCidr = labCidr(2).replace('/24', '/30');
    const cluster = await startDevCluster({ images: LAB_IMAGES, podCidr, nodes: 1 });
    try {
      const lab = new PodLab(cluster.kubeconfig);
      for (const name of ['a', 'b', 'c']) await lab.create(name);
      await lab.running('b');
      const fieldSelector = 'reason=FailedCreatePodSandBox';
      const { items } = await lab.api.listNamespacedEvent({ namespace: 'default', fieldSelector });
      expect(items.map((e) => [e.involvedObject.name, e.message])).toEqual([
        ['c', expect.stringContaining('--pod-cidr')],
      ]);
    } finally {
      await cluster.stop();
    }
  });
});
