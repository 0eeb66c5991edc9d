import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClusterSnapshot } from './cluster-snapshot.js';
import { whyNodeRefuses } from './node-matching.js';
import { placeGang } from './place-gang.js';
import type { GangGroup, GangRequest, PlacementLoad, PlacementNode, TopologyConstraint } from './types.js';

const OPTIONS = { seed: 3, maxSearchSteps: 1_000_000 };

interface Case {
  readonly nodes: PlacementNode[];
  readonly loads: PlacementLoad[];
  readonly gang: GangRequest;
}

const amounts = (maxGpu: number, maxCpu: number) =>
  fc
    .record({ gpu: fc.integer({ min: 0, max: maxGpu }), cpu: fc.integer({ min: 1, max: maxCpu }) })
    .map(({ gpu, cpu }) => ({ ...(gpu > 0 ? { 'x.com/gpu': gpu } : {}), cpu, pods: 1 }));

const nodes = fc
  .array(
    fc.record({
      gpu: fc.integer({ min: 0, max: 5 }),
      cpu: fc.integer({ min: 1, max: 8 }),
      pods: fc.integer({ min: 1, max: 4 }),
      rack: fc.constantFrom('a', 'b', undefined),
      zone: fc.constantFrom('1', '2'),
      tainted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) =>
    list.map(
      ({ gpu, cpu, pods, rack, zone, tainted }, i): PlacementNode => ({
        name: `n${i}`,
        labels: { zone, ...(rack ? { rack } : {}) },
        taints: tainted ? [{ key: 't', value: '', effect: 'NoSchedule' }] : [],
        unschedulable: false,
        ready: true,
        allocatable: { 'x.com/gpu': gpu, cpu, pods },
      }),
    ),
  );

const groups = fc
  .array(
    fc.record({
      requests: amounts(3, 4),
      count: fc.integer({ min: 1, max: 3 }),
      min: fc.integer({ min: 1, max: 3 }),
      zone: fc.constantFrom('1', undefined),
      tolerates: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) =>
    list.map(({ requests, count, min, zone, tolerates }, i): GangGroup => {
      const shape = {
        requests,
        nodeSelector: zone ? { zone } : ({} as Record<string, string>),
        tolerations: tolerates ? [{ key: 't', operator: 'Exists' }] : [],
      };
      const pods = Array.from({ length: count }, (_, p) => ({ name: `g${i}-${p}`, shape }));
      return { name: `g${i}`, minReplicas: Math.min(min, count), pods, bound: [] };
    }),
  );

const cases: fc.Arbitrary<Case> = fc
  .tuple(
    nodes,
    groups,
    fc.constantFrom('none', 'gang', 'group', 'both'),
    fc.array(fc.tuple(fc.nat(), amounts(2, 2)), { maxLength: 3 }),
  )
  .map(([n, g, topology, loads]) => {
    const all: TopologyConstraint = { key: 'zone', groups: g.map(({ name }) => name), required: true };
    const first: TopologyConstraint = { key: 'rack', groups: ['g0'], required: true };
    const constraints = { none: [], gang: [all], group: [first], both: [all, first] }[topology];
    return {
      nodes: n,
      loads: loads.map(([at, requests]) => ({ node: `n${at % n.length}`, requests })),
      gang: { groups: g, topology: constraints },
    };
  });

/** Tries every node for every pod of the minimum. */
function oracleFits({ nodes: all, loads, gang }: Case): boolean {
  const free = all.map(({ allocatable }) => ({ ...allocatable }) as Record<string, number>);
  const take = (index: number, requests: Readonly<Record<string, number>>, sign: number) => {
    const left = free[index] as Record<string, number>;
    for (const [name, amount] of Object.entries(requests)) left[name] = (left[name] ?? 0) - sign * amount;
  };
  for (const { node, requests } of loads) take(Number(node.slice(1)), requests, 1);
  const pods = gang.groups.flatMap((group) =>
    group.pods.slice(0, group.minReplicas).map(({ shape }) => ({ group: group.name, shape })),
  );
  const where: number[] = [];
  const keepsTopology = () =>
    gang.topology.every(({ key, groups: names }) => {
      const values = pods.flatMap((pod, i) =>
        names.includes(pod.group) ? [all[where[i] as number]?.labels[key]] : [],
      );
      return values.every((value) => value !== undefined && value === values[0]);
    });
  const next = (index: number): boolean => {
    const pod = pods[index];
    if (!pod) return keepsTopology();
    return all.some((node, at) => {
      if (whyNodeRefuses(node, pod.shape) !== undefined) return false;
      const fits = Object.entries(pod.shape.requests).every(
        ([name, amount]) => (free[at]?.[name] ?? 0) >= amount,
      );
      if (!fits) return false;
      take(at, pod.shape.requests, 1);
      where[index] = at;
      const found = next(index + 1);
      take(at, pod.shape.requests, -1);
      return found;
    });
  };
  return next(0);
}

describe('placeGang, whatever the cluster and the gang', () => {
  it('finds a place exactly when there is one', () => {
    const seen = { placed: 0, refused: 0 };
    fc.assert(
      fc.property(cases, (instance) => {
        const outcome = placeGang(
          new ClusterSnapshot(instance.nodes, instance.loads),
          instance.gang,
          OPTIONS,
        );
        seen[outcome.placed ? 'placed' : 'refused']++;
        if (!outcome.placed) expect(outcome.refusal.undecided).toBe(false);
        expect(outcome.placed).toBe(oracleFits(instance));
      }),
      { numRuns: 3_000 },
    );
    // The instances must be neither all easy nor all hopeless.
    expect(Math.min(seen.placed, seen.refused)).toBeGreaterThan(300);
  });

  it('is never partial, never takes more than there is, keeps every rule, and repeats itself', () => {
    fc.assert(
      fc.property(cases, fc.nat(), (instance, seed) => {
        const { nodes: all, loads, gang } = instance;
        const run = () => placeGang(new ClusterSnapshot(all, loads), gang, { ...OPTIONS, seed });
        const outcome = run();
        expect(run()).toEqual(outcome);
        if (!outcome.placed) return;
        const { assignments, left, score } = outcome.placement;
        const byPod = new Map(assignments.map((assignment) => [assignment.pod, assignment]));
        expect(byPod.size).toBe(assignments.length);
        const snapshot = new ClusterSnapshot(all, loads);
        const sound = new Set(
          all.filter(({ name }) => snapshot.overcommitted(name) === undefined).map((n) => n.name),
        );
        for (const group of gang.groups) {
          const its = group.pods.filter(({ name }) => byPod.has(name));
          expect(its.length).toBeGreaterThanOrEqual(group.minReplicas);
          for (const { name, shape } of its) {
            const node = all.find((n) => n.name === byPod.get(name)?.node) as PlacementNode;
            expect(whyNodeRefuses(node, shape)).toBeUndefined();
            snapshot.reserve(node.name, shape.requests);
          }
        }
        for (const name of sound) expect(snapshot.overcommitted(name)).toBeUndefined();
        for (const { key, groups: names } of gang.topology) {
          const values = assignments
            .filter(({ group }) => names.includes(group))
            .map(({ node }) => all.find((n) => n.name === node)?.labels[key]);
          expect(new Set(values).size).toBe(1);
          expect(values[0]).toBeDefined();
        }
        expect(left.length + assignments.length).toBe(gang.groups.flatMap(({ pods }) => pods).length);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never places a gang that it refused once something else was placed first', () => {
    fc.assert(
      fc.property(cases, (instance) => {
        const snapshot = new ClusterSnapshot(instance.nodes, instance.loads);
        const before = placeGang(snapshot, instance.gang, OPTIONS);
        snapshot.reserve('n0', { 'x.com/gpu': 1, cpu: 1, pods: 1 });
        const after = placeGang(snapshot, instance.gang, OPTIONS);
        if (!before.placed) expect(after.placed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
