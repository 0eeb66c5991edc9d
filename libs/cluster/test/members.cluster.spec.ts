import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { leaseKind, namespaceKind } from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import { startTestCluster, type TestCluster } from '@penstock/testing';
import { KubernetesCluster, LeaseMembers } from '../src/index.js';
import { eventually } from './eventually.js';

const NAMESPACE = 'members';
const PATIENCE_MS = 60_000;

describe('LeaseMembers on a cluster', () => {
  let api: TestCluster;
  const clusters: KubernetesCluster[] = [];
  const connect = () => {
    const cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    clusters.push(cluster);
    return cluster;
  };
  const join = (member: string) => {
    const cluster = connect();
    const members = new LeaseMembers(cluster, { namespace: NAMESPACE, group: 'kv-index', member });
    return { cluster, members };
  };
  const sees = (members: LeaseMembers, ...names: string[]) =>
    eventually(
      () => members.members,
      (seen) => members.known && String(seen) === String(names),
      PATIENCE_MS,
    );

  beforeAll(async () => {
    api = await startTestCluster();
    await connect().create(namespaceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
  }, 120_000);

  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.close()));
    await api?.stop();
  }, 60_000);

  it('sees who comes, leaves, dies and stays through an outage', async () => {
    const [a, b, c] = [join('a'), join('b'), join('c')] as const;
    for (const { members } of [a, b, c]) await sees(members, 'a', 'b', 'c');
    await c.members.leave();
    for (const { members } of [a, b]) await sees(members, 'a', 'b');
    const left = await a.cluster.get(leaseKind as unknown as ResourceKind, NAMESPACE, 'penstock-kv-index-c');
    expect(left).toBeUndefined();

    await api.killApi();
    await eventually(
      () => a.members.problem,
      (problem) => problem !== undefined,
      PATIENCE_MS,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect([a.members.members, b.members.members]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await api.startApi();
    await eventually(
      () => [a.members.problem, b.members.problem].join(''),
      (problems) => problems === '',
      PATIENCE_MS,
    );
    await sees(a.members, 'a', 'b');

    // As a killed process: neither a renewal nor a deletion any more.
    b.cluster.mergePatch = () => new Promise(() => undefined);
    await sees(a.members, 'a');
    await Promise.all([a.members.leave(), b.members.leave()]);
  }, 240_000);
});
