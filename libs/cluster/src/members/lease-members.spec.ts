import { afterEach, describe, expect, it } from '@jest/globals';
import { leaseKind } from '@penstock/contracts';
import { ClusterError, type ResourceKind } from '@penstock/core/ports';
import { FakeCluster } from '@penstock/testing';
import { eventually } from '../../test/eventually.js';
import { LeaseMembers } from './lease-members.js';
import { leaseNameOf } from './lease-name.js';

const kind = leaseKind as unknown as ResourceKind;
const PATIENCE_MS = 20_000;
const running: LeaseMembers[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((members) => members.close()));
});

/** Renews every 20 ms; nobody is dead before 200 ms. */
function join(cluster: FakeCluster, member: string): LeaseMembers {
  const options = { namespace: 'ns', group: 'kv-index', member, renewMs: 20, deadAfterMs: 200 };
  const members = new LeaseMembers(cluster, options);
  running.push(members);
  return members;
}

const sees = (members: LeaseMembers, ...names: string[]) =>
  eventually(
    () => members.members,
    (seen) => members.known && String(seen) === String(names),
    PATIENCE_MS,
  );

/** Ends the renewals of a member as a killed process does: its Lease stays. */
function kill(cluster: FakeCluster, name: string): void {
  const patch = cluster.mergePatch.bind(cluster);
  cluster.mergePatch = (async (of: ResourceKind, ...args: [string, string, unknown]) => {
    if (args[1] === leaseNameOf('kv-index', name)) return new Promise(() => undefined);
    return patch(of, ...args);
  }) as never;
}

describe('LeaseMembers', () => {
  it('sees who comes, who leaves at once and who dies, and tells', async () => {
    const cluster = new FakeCluster();
    let changes = 0;
    const a = join(cluster, 'a');
    a.onChange(() => changes++);
    await sees(a, 'a');
    const b = join(cluster, 'b');
    const c = join(cluster, 'c');
    for (const members of [a, b, c]) await sees(members, 'a', 'b', 'c');
    expect(await cluster.get(kind, 'ns', 'penstock-kv-index-b')).toMatchObject({
      metadata: { labels: { 'penstock.dev/kv-index-member': 'true' } },
      spec: { holderIdentity: 'b', leaseDurationSeconds: 1 },
    });
    await b.leave();
    expect(a.members).toEqual(['a', 'c']);
    expect(await cluster.get(kind, 'ns', 'penstock-kv-index-b')).toBeUndefined();
    kill(cluster, 'c');
    await sees(a, 'a');
    expect(changes).toBeGreaterThanOrEqual(4);
    expect(a.problem).toBeUndefined();
  });

  it('keeps the last list and itself while the API is away, says so, and judges nobody by that time', async () => {
    const cluster = new FakeCluster();
    const [a, b] = [join(cluster, 'a'), join(cluster, 'b')];
    await sees(a, 'a', 'b');
    await sees(b, 'a', 'b');
    cluster.disconnect();
    await eventually(
      () => a.problem,
      (problem) => problem?.includes('penstock-kv-index-a cannot be renewed') === true,
      PATIENCE_MS,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    let lost = 0;
    const watch = setInterval(() => {
      if (a.members.length < 2 || b.members.length < 2) lost++;
    }, 1);
    cluster.reconnect();
    await eventually(
      () => a.problem,
      (problem) => problem === undefined,
      PATIENCE_MS,
    );
    await new Promise((resolve) => setTimeout(resolve, 400));
    clearInterval(watch);
    expect(lost).toBe(0);
    expect([a.members, b.members]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('makes its Lease again when somebody deleted it', async () => {
    const cluster = new FakeCluster();
    const [a, b] = [join(cluster, 'a'), join(cluster, 'b')];
    await sees(a, 'a', 'b');
    await cluster.delete(kind, 'ns', 'penstock-kv-index-b');
    expect(a.members).toEqual(['a']);
    await sees(a, 'a', 'b');
    expect(b.members).toContain('b');
  });

  it('goes to work alone without rights to Leases, and says what to grant', async () => {
    const cluster = new FakeCluster();
    cluster.mergePatch = async () => {
      throw new ClusterError('forbidden', 'PATCH leases was answered 403 Forbidden', 403);
    };
    const a = join(cluster, 'a');
    await sees(a, 'a');
    expect(a.problem).toMatch(
      /no rights to Leases in namespace ns: .* run one replica only, or grant list, watch, create, patch and delete of leases\.coordination\.k8s\.io/,
    );
  });

  it('notices another process of the same name', async () => {
    const cluster = new FakeCluster();
    const a = join(cluster, 'a');
    await sees(a, 'a');
    // Another time of joining: the clock is in milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const namesake = join(cluster, 'a');
    await eventually(
      () => a.problem,
      (problem) => problem?.includes('another replica is called a too') === true,
      PATIENCE_MS,
    );
    await namesake.leave();
  });

  it('gives every name a Lease that Kubernetes takes, and never two the same', () => {
    expect(leaseNameOf('kv-index', 'pod-7c9f')).toBe('penstock-kv-index-pod-7c9f');
    const odd = ['My_Host', 'my-host_', 'my_host', 'x'.repeat(253), `${'x'.repeat(252)}y`, '*'].map((name) =>
      leaseNameOf('kv-index', name),
    );
    expect(new Set(odd).size).toBe(odd.length);
    for (const name of odd) {
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      expect(name.length).toBeLessThanOrEqual(253);
    }
  });
});
