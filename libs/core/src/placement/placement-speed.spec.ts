import { describe, expect, it } from '@jest/globals';
import { ClusterSnapshot } from './cluster-snapshot.js';
import { placeGang } from './place-gang.js';
import type { GangRequest, PlacementNode, PodShape } from './types.js';

const GPU = 'nvidia.com/gpu';
const OPTIONS = { seed: 1, maxSearchSteps: 200_000 };

/** 1,000 nodes of 8 GPUs in racks of 20, some of them partly used. */
function largeCluster(): ClusterSnapshot {
  const nodes = Array.from(
    { length: 1_000 },
    (_, i): PlacementNode => ({
      name: `node-${String(i).padStart(4, '0')}`,
      labels: { rack: `r${Math.floor(i / 20)}`, 'kubernetes.io/hostname': `node-${i}` },
      taints: [],
      unschedulable: false,
      ready: true,
      allocatable: { [GPU]: 8, cpu: 128_000, memory: 2 ** 41, pods: 110 },
    }),
  );
  const loads = nodes
    .filter((_, i) => i % 4 === 0)
    .map(({ name }, i) => ({ node: name, requests: { [GPU]: 1 + (i % 3), pods: 1 } }));
  return new ClusterSnapshot(nodes, loads);
}

function gangOf(pods: number, gpus: readonly number[], key?: string): GangRequest {
  const groups = gpus.map((amount, g) => {
    const requests = { [GPU]: amount, cpu: 8_000, memory: 2 ** 36, pods: 1 };
    const shape: PodShape = { requests, nodeSelector: {}, tolerations: [] };
    const count = Math.floor(pods / gpus.length);
    const names = Array.from({ length: count }, (_, i) => ({ name: `g${g}-${i}`, shape }));
    return { name: `g${g}`, minReplicas: count, pods: names, bound: [] };
  });
  const topology = key ? [{ key, groups: groups.map(({ name }) => name), required: true }] : [];
  return { groups, topology };
}

/** Milliseconds of processor time, so that a busy machine does not fail the test. */
function timed<T>(run: () => T): { result: T; ms: number } {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: (user + system) / 1000 };
}

// The limits are what is promised; measured on an idle core it is some tens of milliseconds.
describe('placeGang on 1,000 nodes', () => {
  it('decides on 500 pods of gangs of 8 per second and more', () => {
    const snapshot = largeCluster();
    const { ms } = timed(() => {
      for (let i = 0; i < 100; i++) {
        const outcome = placeGang(snapshot, gangOf(8, [4, 2], 'rack'), { ...OPTIONS, seed: i });
        if (!outcome.placed) throw new Error(outcome.refusal.message);
        for (const { group, node } of outcome.placement.assignments) {
          snapshot.reserve(node, { [GPU]: group === 'g0' ? 4 : 2, cpu: 8_000, memory: 2 ** 36, pods: 1 });
        }
      }
    });
    expect((800 / ms) * 1000).toBeGreaterThan(500);
  });

  it.each([
    ['alike', [8]],
    ['unlike', [1, 2, 4, 8]],
  ])('places a gang of 512 %s pods within a second', (_, gpus) => {
    const { result, ms } = timed(() => placeGang(largeCluster(), gangOf(512, gpus), OPTIONS));
    expect(result.placed).toBe(true);
    expect(ms).toBeLessThan(1_000);
  });

  it.each([
    ['in the whole cluster', gangOf(2_000, [8]), false],
    ['in any rack', gangOf(24, [8], 'rack'), false],
    ['on any node', gangOf(8, [2, 1], 'kubernetes.io/hostname'), false],
    ['in any rack, though there is room for each kind of pod', gangOf(32, [7, 5, 4, 3], 'rack'), true],
  ])('says within a second that a gang cannot be placed %s', (_, gang, mayGiveUp) => {
    const { result, ms } = timed(() => placeGang(largeCluster(), gang, OPTIONS));
    expect(result.placed).toBe(false);
    expect(mayGiveUp || (!result.placed && !result.refusal.undecided)).toBe(true);
    expect(ms).toBeLessThan(1_000);
  });
});
