import { beforeEach, describe, expect, it } from '@jest/globals';
import { type GangPlacement, gangPlacementKind } from '@penstock/contracts';
import { FakeCluster, FaultyCluster, type WriteFault } from '@penstock/testing';
import { PlacementStore } from '../../src/placement/placement-store.js';
import { PlacementView } from '../../src/placement/placement-view.js';

const KEY = 'ns/gang';

function placement(attempt: number, more: object = {}): GangPlacement {
  return {
    ...{ apiVersion: 'penstock.dev/v1alpha1', kind: 'GangPlacement' },
    metadata: { namespace: 'ns', name: 'gang', ...more },
    spec: {
      ...{ gang: { name: 'gang', uid: 'g' }, attempt, seed: 0, score: 1, decidedAt: '2026-01-01T00:00:00Z' },
      snapshot: { nodes: 1, pods: 0, reservedPods: 0, ageMs: 0 },
      assignments: [{ pod: 'p', uid: 'u', node: `n${attempt}`, group: 'g' }],
      decidedBy: { replica: 'r', leaseTransitions: 1 },
    },
  };
}

describe('PlacementStore', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  /** A store that meets the fault at its second write and lives on. */
  const storeWith = async (fault: WriteFault) => {
    const faulty = new FaultyCluster(cluster, { fault, atWrite: 2 });
    const view = new PlacementView(faulty, undefined, () => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
    return new PlacementStore(faulty, view);
  };
  const attemptIn = (store: PlacementStore) => store.get(KEY)?.spec.attempt;

  it('counts what may have been written until it has read it', async () => {
    const store = await storeWith('answer-lost');
    const first = (await store.write(placement(1))) as GangPlacement;
    await expect(store.write(placement(2, first.metadata))).rejects.toMatchObject({ reason: 'unavailable' });
    expect(attemptIn(store)).toBe(2);
    await store.settle();
    expect(attemptIn(store)).toBe(2);
    expect(store.get(KEY)?.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  });

  it('keeps what was there when somebody else wrote, and reads theirs', async () => {
    const store = await storeWith('answer-lost');
    const first = (await store.write(placement(1))) as GangPlacement;
    await cluster.update(gangPlacementKind, { ...placement(7), metadata: first.metadata });
    const late = new PlacementStore(cluster, new PlacementView(cluster, undefined, () => {}));
    expect(await late.write(placement(2, first.metadata))).toBeUndefined();
    await late.settle();
    expect(attemptIn(late)).toBe(7);
  });

  it('does not let a watch that is behind bring back what it removed', async () => {
    // The watch shows a cluster that stands still; the API is another.
    const behind = new FakeCluster();
    const first = await behind.create(gangPlacementKind, placement(1));
    await cluster.create(gangPlacementKind, placement(1));
    const view = new PlacementView(behind, undefined, () => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
    const store = new PlacementStore(cluster, view);
    expect(store.list()).toHaveLength(1);
    await store.remove(first);
    await store.settle();
    expect(view.placements.list()).toHaveLength(1);
    expect(store.list()).toEqual([]);
  });

  it('reads everything anew for a new leader', async () => {
    const view = new PlacementView(cluster, undefined, () => {});
    const store = new PlacementStore(cluster, view);
    await cluster.create(gangPlacementKind, placement(3));
    // Before the watch has brought anything.
    await store.reload(undefined);
    expect(attemptIn(store)).toBe(3);
  });
});
