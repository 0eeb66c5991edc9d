import { describe, expect, it } from '@jest/globals';
import { ClusterSnapshot } from './cluster-snapshot.js';
import { placeGang } from './place-gang.js';
import type {
  GangGroup,
  GangRequest,
  PlacementLoad,
  PlacementNode,
  PodShape,
  TopologyConstraint,
} from './types.js';

const GPU = 'nvidia.com/gpu';
const OPTIONS = { seed: 0, maxSearchSteps: 100_000 };

function node(
  name: string,
  gpus: number,
  labels: Record<string, string> = {},
  more: object = {},
): PlacementNode {
  const allocatable = { [GPU]: gpus, cpu: 64_000, pods: 110 };
  return { name, labels, taints: [], unschedulable: false, ready: true, allocatable, ...more };
}

function shape(gpus: number, more: Partial<PodShape> = {}): PodShape {
  const requests = { ...(gpus > 0 ? { [GPU]: gpus } : {}), cpu: 1_000, pods: 1 };
  return { requests, nodeSelector: {}, tolerations: [], ...more };
}

function group(name: string, count: number, podShape: PodShape, more: Partial<GangGroup> = {}): GangGroup {
  const pods = Array.from({ length: count }, (_, i) => ({ name: `${name}-${i}`, shape: podShape }));
  return { name, minReplicas: count, pods, bound: [], ...more };
}

function required(key: string, ...groups: string[]): TopologyConstraint {
  return { key, groups, required: true };
}

function place(
  nodes: readonly PlacementNode[],
  gang: GangRequest,
  {
    loads = [] as readonly PlacementLoad[],
    ...options
  }: { loads?: readonly PlacementLoad[]; seed?: number } = {},
) {
  return placeGang(new ClusterSnapshot(nodes, loads), gang, { ...OPTIONS, ...options });
}

function placed(...input: Parameters<typeof place>) {
  const outcome = place(...input);
  if (!outcome.placed) throw new Error(outcome.refusal.message);
  return outcome.placement;
}

function refused(...input: Parameters<typeof place>) {
  const outcome = place(...input);
  if (outcome.placed) throw new Error('was placed');
  return outcome.refusal;
}

const nodesOf = (assignments: ReadonlyArray<{ pod: string; node: string }>) =>
  Object.fromEntries(assignments.map(({ pod, node: n }) => [pod, n]));

describe('placeGang', () => {
  it('fills the hole that fits best and keeps the large ones', () => {
    const loads = [
      { node: 'b', requests: { [GPU]: 6 } },
      { node: 'c', requests: { [GPU]: 4 } },
    ];
    const { assignments } = placed(
      [node('a', 8), node('b', 8), node('c', 8)],
      {
        groups: [group('g', 2, shape(2))],
        topology: [],
      },
      { loads },
    );
    // Either of b and c keeps nothing, but c takes both pods.
    expect(nodesOf(assignments)).toEqual({ 'g-0': 'c', 'g-1': 'c' });
  });

  it('puts pods without devices on nodes without devices', () => {
    const gang = { groups: [group('router', 1, shape(0)), group('decode', 1, shape(8))], topology: [] };
    const { assignments } = placed([node('gpu', 8), node('plain', 0)], gang);
    expect(nodesOf(assignments)).toEqual({ 'router-0': 'plain', 'decode-0': 'gpu' });
  });

  it('packs unlike pods that fit only one way', () => {
    // Largest first would put the free pod onto the only node that the bound-to-zone pod may use.
    const nodes = [node('a', 4, { zone: '1' }), node('b', 4, { zone: '2' })];
    const anywhere = group('any', 1, shape(4));
    const zone1 = group('one', 2, shape(2, { nodeSelector: { zone: '1' } }));
    const { assignments } = placed(nodes, { groups: [anywhere, zone1], topology: [] });
    expect(nodesOf(assignments)).toEqual({ 'any-0': 'b', 'one-0': 'a', 'one-1': 'a' });
  });

  it('finds by search what greedy packing misses', () => {
    // 5+4+3+3 into two nodes of 8 and 7: only {5,3} and {4,3}.
    const gang = { groups: [5, 4, 3, 3].map((size, i) => group(`g${i}`, 1, shape(size))), topology: [] };
    expect(placed([node('a', 8), node('b', 7)], gang).assignments).toHaveLength(4);
    // 6+5+5+4+4 = 24 = 3 nodes of 8: aggregate capacity is enough, packing is not.
    const no = { groups: [6, 5, 5, 4, 4].map((size, i) => group(`g${i}`, 1, shape(size))), topology: [] };
    const refusal = refused([node('a', 8), node('b', 8), node('c', 8)], no);
    expect(refusal).toMatchObject({ undecided: false, neededPods: 5 });
  });

  it('takes the tightest domain in which the gang really packs', () => {
    const nodes = [
      node('a1', 8, { rack: 'a' }),
      node('a2', 8, { rack: 'a' }),
      node('a3', 8, { rack: 'a' }),
      // Eight GPUs free in total, but in two halves.
      node('b1', 4, { rack: 'b' }),
      node('b2', 4, { rack: 'b' }),
      node('c1', 8, { rack: 'c' }),
      node('c2', 8, { rack: 'c' }),
    ];
    const gang = { groups: [group('g', 1, shape(8))], topology: [required('rack', 'g')] };
    const placement = placed(nodes, gang);
    expect(placement.domains).toEqual([{ key: 'rack', value: 'c', groups: ['g'] }]);
    expect(placement.score).toBe(1);
  });

  it('keeps groups with their own constraint inside the domain of the gang', () => {
    const nodes = ['r1', 'r2'].flatMap((rack) =>
      ['x', 'y'].flatMap((host) => [
        node(`${rack}${host}1`, 2, { rack, block: `${rack}${host}` }),
        node(`${rack}${host}2`, 2, { rack, block: `${rack}${host}` }),
      ]),
    );
    const gang = {
      groups: [group('p', 2, shape(2)), group('d', 2, shape(2))],
      topology: [required('rack', 'p', 'd'), required('block', 'p'), required('block', 'd')],
    };
    const { assignments } = placed(nodes, gang);
    const blockOf = (pod: string) => nodesOf(assignments)[pod]?.slice(0, 3);
    expect(blockOf('p-0')).toBe(blockOf('p-1'));
    expect(blockOf('d-0')).toBe(blockOf('d-1'));
    expect(blockOf('p-0')?.slice(0, 2)).toBe(blockOf('d-0')?.slice(0, 2));
    expect(blockOf('p-0')).not.toBe(blockOf('d-0'));
  });

  it('keeps a soft constraint where it can and halves the score where not', () => {
    const soft = [{ key: 'rack', groups: ['g'], required: false }];
    const racks = [node('a', 8, { rack: 'a' }), node('b', 8, { rack: 'b' })];
    expect(placed(racks, { groups: [group('g', 2, shape(4))], topology: soft }).domains).toHaveLength(1);
    const spread = placed(racks, { groups: [group('g', 2, shape(8))], topology: soft });
    expect(spread).toMatchObject({ domains: [], score: 0.5 });
  });

  it('places what fits beyond the minimum in the same domain', () => {
    const nodes = [node('a1', 8, { rack: 'a' }), node('b1', 8, { rack: 'b' }), node('b2', 8, { rack: 'b' })];
    const gang = {
      groups: [group('g', 4, shape(8), { minReplicas: 1 })],
      topology: [required('rack', 'g')],
    };
    // The tightest domain for the minimum is a; nothing else fits there.
    expect(placed(nodes, gang)).toMatchObject({
      left: ['g-1', 'g-2', 'g-3'],
      assignments: [{ pod: 'g-0', node: 'a1' }],
    });
    const free = { ...gang, topology: [] };
    expect(placed(nodes, free)).toMatchObject({ left: ['g-3'] });
  });

  it('follows the pods that are bound already', () => {
    const nodes = [node('a1', 8, { rack: 'a' }), node('b1', 8, { rack: 'b' }), node('b2', 8, { rack: 'b' })];
    const requests = shape(8).requests;
    const bound = [{ name: 'g-0', node: 'b1', requests }];
    const pods = [{ name: 'g-1', shape: shape(8) }];
    const gang = { groups: [{ name: 'g', minReplicas: 2, pods, bound }], topology: [required('rack', 'g')] };
    const loads = [{ node: 'b1', requests }];
    expect(placed(nodes, gang, { loads })).toMatchObject({
      assignments: [{ pod: 'g-1', node: 'b2' }],
      score: 1,
    });
    const full = [...loads, { node: 'b2', requests }];
    expect(refused(nodes, gang, { loads: full }).domains).toMatchObject([{ domain: 'b', fittingPods: 0 }]);
  });

  it('never gives two pods the same port of a node', () => {
    const port = shape(0);
    const gang = {
      groups: [group('g', 2, { ...port, requests: { ...port.requests, 'host-port TCP/8000': 1 } })],
      topology: [],
    };
    const { assignments } = placed([node('a', 0), node('b', 0)], gang);
    expect(new Set(assignments.map((a) => a.node)).size).toBe(2);
    expect(refused([node('a', 0)], gang).domains[0]?.limiting).toContain('free ports');
  });

  it('chooses among equals by the seed, and the same way every time', () => {
    const nodes = Array.from({ length: 5 }, (_, i) => node(`n${i}`, 8));
    const gang = { groups: [group('g', 1, shape(8))], topology: [] };
    const choice = (seed: number) => placed(nodes, gang, { seed }).assignments[0]?.node;
    expect([0, 1, 2, 3, 4, 5].map(choice)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n0']);
    expect([0, 1, 2, 3, 4, 5].map(choice)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n0']);
  });

  it('says how many nodes lack what, like kube-scheduler, and how far the best domain goes', () => {
    const taint = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' };
    const nodes = [
      ...['a1', 'a2'].map((name) => node(name, 2, { rack: 'a' })),
      ...['b1', 'b2'].map((name) => node(name, 8, { rack: 'b' })),
      node('c1', 8, { rack: 'c' }, { taints: [taint] }),
      node('d1', 8, { rack: 'd' }, { unschedulable: true }),
      node('e1', 8),
    ];
    const gang = { groups: [group('g', 3, shape(8))], topology: [required('rack', 'g')] };
    const refusal = refused(nodes, gang);
    expect(refusal.message).toBe(
      '2/7 nodes are available: 2 Insufficient nvidia.com/gpu, 1 node(s) had no topology label rack, ' +
        '1 node(s) had untolerated taint {dedicated: batch}, 1 node(s) were unschedulable; ' +
        'best domain rack=b fits 2 of 3 pods',
    );
    expect(refusal).toMatchObject({
      totalDomains: 2,
      totalNodes: 7,
      domains: [
        { domain: 'b', nodes: 2, fittingPods: 2, limiting: 'Insufficient nvidia.com/gpu' },
        { domain: 'a', nodes: 2, fittingPods: 0, limiting: 'Insufficient nvidia.com/gpu' },
      ],
    });
    expect(refused([], gang).message).toBe('no nodes available to schedule pods');
  });

  it('says that it gave up instead of claiming a proof', () => {
    const gang = { groups: [6, 5, 5, 4, 4].map((size, i) => group(`g${i}`, 1, shape(size))), topology: [] };
    const nodes = ['a', 'b', 'c'].map((name) => node(name, 8));
    const outcome = placeGang(new ClusterSnapshot(nodes, []), gang, { seed: 0, maxSearchSteps: 2 });
    expect(outcome).toMatchObject({ placed: false, refusal: { undecided: true, searchSteps: 1 } });
    expect(outcome.placed || outcome.refusal.message).toContain('given up after 1 steps: it might fit');
  });

  it('leaves the snapshot as it was', () => {
    const nodes = [node('a', 8), node('b', 8)];
    const snapshot = new ClusterSnapshot(nodes, []);
    const gang = {
      groups: [group('g', 3, shape(5), { minReplicas: 2 }), group('h', 2, shape(3))],
      topology: [],
    };
    expect(placeGang(snapshot, gang, OPTIONS).placed).toBe(true);
    placeGang(snapshot, { groups: [group('g', 9, shape(5))], topology: [] }, OPTIONS);
    expect([...snapshot.free(GPU)]).toEqual([8, 8]);
  });
});
