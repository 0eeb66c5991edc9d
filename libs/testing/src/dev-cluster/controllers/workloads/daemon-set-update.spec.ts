import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DaemonPodView, maxUnavailablePods, planDaemonUpdate } from './daemon-set-update.js';

describe('maxUnavailablePods', () => {
  it.each([
    [undefined, 4, 1],
    [3, 4, 3],
    [0, 4, 1],
    ['25%', 4, 1],
    ['50%', 5, 3],
    ['0%', 5, 1],
    ['100%', 0, 1],
  ])('%s of %d is %d', (value, desired, expected) => {
    expect(maxUnavailablePods(value, desired)).toBe(expected);
  });
});

describe('planDaemonUpdate', () => {
  const pod = (name: string, isUpdated: boolean, isAvailable: boolean): DaemonPodView => ({
    name,
    isUpdated,
    isAvailable,
  });

  it('counts nodes without a pod, and replaces what serves nobody', () => {
    const nodes = [[pod('old', false, true)], [], [pod('new', true, true)]];
    expect(planDaemonUpdate(nodes, 1)).toEqual([]);
    expect(planDaemonUpdate(nodes, 2)).toEqual(['old']);
    expect(planDaemonUpdate([[pod('broken', false, false)], [pod('old', false, true)]], 1)).toEqual([
      'broken',
    ]);
  });

  const node = fc.array(fc.record({ isUpdated: fc.boolean(), isAvailable: fc.boolean() }), { maxLength: 2 });
  const cluster = fc
    .array(node, { maxLength: 12 })
    .map((nodes) => nodes.map((pods, i) => pods.map((view, j) => ({ ...view, name: `${i}-${j}` }))));

  it('takes from service only what the bound has left, and never an updated pod', () => {
    fc.assert(
      fc.property(cluster, fc.integer({ min: 1, max: 12 }), (nodes, bound) => {
        const gone = new Set(planDaemonUpdate(nodes, bound));
        const all = nodes.flat();
        for (const { name, isUpdated } of all) if (isUpdated) expect(gone.has(name)).toBe(false);
        const serving = (pods: readonly DaemonPodView[]): boolean =>
          pods.length === 1 && pods[0]?.isAvailable === true;
        const before = nodes.filter((pods) => !serving(pods)).length;
        const after = nodes.filter((pods) => !serving(pods) || gone.has(pods[0]?.name ?? '')).length;
        expect(after).toBeLessThanOrEqual(Math.max(before, bound));
      }),
    );
  });

  it('gets every node to the new template, when replacements become available', () => {
    fc.assert(
      fc.property(cluster, fc.integer({ min: 1, max: 4 }), (start, bound) => {
        let nodes: DaemonPodView[][] = start.map((pods) => pods.slice(0, 1));
        for (let round = 0; round <= start.length + 1; round++) {
          const gone = new Set(planDaemonUpdate(nodes, bound));
          nodes = nodes.map((pods, i) => {
            const kept = pods.filter(({ name }) => !gone.has(name));
            return kept.length > 0
              ? kept.map((view) => (view.isUpdated ? { ...view, isAvailable: true } : view))
              : [pod(`${i}-new`, true, true)];
          });
        }
        expect(nodes.flat().every(({ isUpdated }) => isUpdated)).toBe(true);
      }),
    );
  });
});
