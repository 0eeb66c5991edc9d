import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Pod, podKind } from '@penstock/contracts';
import { ClusterError, type ClusterErrorReason } from '@penstock/core/ports';
import { FakeCluster } from '@penstock/testing';
import { bindPod } from '../../src/placement/bind-pod.js';

/** A cluster whose binding fails in a way of its own, before or after it was done. */
class StubbornCluster extends FakeCluster {
  failure: { reason: ClusterErrorReason; applied: boolean } | undefined;

  override async bindPod(...input: Parameters<FakeCluster['bindPod']>): Promise<void> {
    if (!this.failure || this.failure.applied) await super.bindPod(...input);
    if (this.failure) throw new ClusterError(this.failure.reason, 'no', 0);
  }
}

describe('bindPod', () => {
  let cluster: StubbornCluster;
  let uid: string;
  const create = async (spec: object = {}) => {
    const metadata = { namespace: 'ns', name: 'p' };
    const pod = await cluster.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata, spec } as Pod);
    uid = pod.metadata.uid ?? '';
  };
  const bind = (more: object = {}) =>
    bindPod(cluster, 'ns', { pod: 'p', uid, node: 'a', group: 'g', ...more });
  const nodeOf = async () => (await cluster.get(podKind, 'ns', 'p'))?.spec?.nodeName;

  beforeEach(async () => {
    cluster = new StubbornCluster();
    await create();
  });

  it('binds, and may be asked again', async () => {
    expect(await bind()).toBe('bound');
    expect(await bind()).toBe('bound');
    expect(await nodeOf()).toBe('a');
  });

  it('is satisfied when the answer was lost but the pod is bound', async () => {
    cluster.failure = { reason: 'unavailable', applied: true };
    expect(await bind()).toBe('bound');
  });

  it.each<ClusterErrorReason>(['unavailable', 'conflict', 'throttled', 'forbidden', 'invalid'])(
    'does not believe that a free pod is bound after: %s',
    async (reason) => {
      cluster.failure = { reason, applied: false };
      await expect(bind()).rejects.toMatchObject({ reason });
      expect(await nodeOf()).toBeUndefined();
    },
  );

  it('is lost when the pod is elsewhere, another one, gated or gone', async () => {
    await cluster.bindPod({ namespace: 'ns', name: 'p', uid }, 'b');
    expect(await bind()).toBe('lost');
    expect(await nodeOf()).toBe('b');
    expect(await bind({ uid: 'another' })).toBe('lost');
    await cluster.delete(podKind, 'ns', 'p');
    expect(await bind()).toBe('lost');
    await create({ schedulingGates: [{ name: 'g' }] });
    expect(await bind()).toBe('lost');
  });
});
