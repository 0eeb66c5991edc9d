import { expect, it } from '@jest/globals';
import { CoordinationV1Api, V1MicroTime } from '@kubernetes/client-node';
import { type ContractCluster, refusal } from './contract-cluster.js';

/** Leases, and what of pods the API decides without a kubelet. */
export function describeLeasesAndPods(get: () => ContractCluster): void {
  const pod = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'none' }], ...spec },
  });
  const createPod = (name: string, spec: object = {}) =>
    get().core.createNamespacedPod({ namespace: get().namespace, body: pod(name, spec) });

  it('lets one of two take a lease', async () => {
    const { namespace, config } = get();
    const leases = config.makeApiClient(CoordinationV1Api);
    const body = {
      metadata: { name: 'leader' },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: new V1MicroTime() },
    };
    const lease = await leases.createNamespacedLease({ namespace, body });
    expect(lease.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15 });
    const claim = (holder: string) =>
      leases.replaceNamespacedLease({
        namespace,
        name: 'leader',
        body: { ...lease, spec: { ...lease.spec, holderIdentity: holder } },
      });
    const results = await Promise.allSettled([claim('b'), claim('c')]);
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    const loser = results.find((r) => r.status === 'rejected');
    expect(await refusal(Promise.reject(loser?.reason))).toMatchObject({ code: 409, reason: 'Conflict' });
  });

  it('gives a pod its defaults and a status of its own', async () => {
    const created = await createPod('defaults');
    expect(created.spec).toMatchObject({
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
    });
    expect(created.status).toMatchObject({ phase: 'Pending' });
  });

  it('refuses a pod without containers', async () => {
    const answer = await refusal(createPod('empty', { containers: [] }));
    expect(answer).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(answer.details?.causes?.map((c) => c.field)).toContain('spec.containers');
  });

  it('selects pods by node and phase', async () => {
    const { core, namespace } = get();
    await createPod('selectable');
    const pending = await core.listNamespacedPod({
      namespace,
      fieldSelector: 'status.phase=Pending,spec.nodeName=',
    });
    expect(pending.items.map((item) => item.metadata?.name)).toContain('selectable');
    const bound = await core.listNamespacedPod({ namespace, fieldSelector: 'spec.nodeName!=' });
    expect(bound.items.map((item) => item.metadata?.name)).not.toContain('selectable');
  });

  it('writes the status of a pod through its own path only', async () => {
    const { core, namespace } = get();
    const created = await createPod('phases');
    const body = { ...created, status: { ...created.status, phase: 'Running', message: 'set' } };
    await core.replaceNamespacedPod({ namespace, name: 'phases', body });
    expect((await core.readNamespacedPod({ namespace, name: 'phases' })).status?.phase).toBe('Pending');
    await core.replaceNamespacedPodStatus({ namespace, name: 'phases', body });
    expect((await core.readNamespacedPod({ namespace, name: 'phases' })).status).toMatchObject({
      phase: 'Running',
      message: 'set',
    });
  });

  it('binds a pod once, and not while it has gates', async () => {
    const { core, namespace } = get();
    const binding = (name: string) => ({
      metadata: { name },
      target: { apiVersion: 'v1', kind: 'Node', name: 'no-such-node' },
    });
    await createPod('gated', { schedulingGates: [{ name: 'penstock.dev/gang' }] });
    const gated = await refusal(
      core.createNamespacedPodBinding({ namespace, name: 'gated', body: binding('gated') }),
    );
    expect(gated.code).toBe(409);
    const opened = await core.readNamespacedPod({ namespace, name: 'gated' });
    const spec = { ...opened.spec!, schedulingGates: undefined };
    await core.replaceNamespacedPod({ namespace, name: 'gated', body: { ...opened, spec } });
    await core.createNamespacedPodBinding({ namespace, name: 'gated', body: binding('gated') });
    expect((await core.readNamespacedPod({ namespace, name: 'gated' })).spec?.nodeName).toBe('no-such-node');
    expect(
      (await refusal(core.createNamespacedPodBinding({ namespace, name: 'gated', body: binding('gated') })))
        .code,
    ).toBe(409);
  });

  it('removes a pod no kubelet has at once, one that is bound after its grace', async () => {
    const { core, namespace } = get();
    await createPod('unbound');
    await core.deleteNamespacedPod({ namespace, name: 'unbound' });
    expect((await refusal(core.readNamespacedPod({ namespace, name: 'unbound' }))).code).toBe(404);
    await createPod('bound', { nodeName: 'no-such-node' });
    await core.deleteNamespacedPod({ namespace, name: 'bound', gracePeriodSeconds: 20 });
    expect((await core.readNamespacedPod({ namespace, name: 'bound' })).metadata).toMatchObject({
      deletionGracePeriodSeconds: 20,
    });
    await core.deleteNamespacedPod({ namespace, name: 'bound', gracePeriodSeconds: 0 });
    expect((await refusal(core.readNamespacedPod({ namespace, name: 'bound' }))).code).toBe(404);
  });
}
