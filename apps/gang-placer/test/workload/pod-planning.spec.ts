import { describe, expect, it } from '@jest/globals';
import type { Pod, PodClique, PodGang } from '@penstock/contracts';
import fc from 'fast-check';
import { planGang } from '../../src/workload/plan-gang.js';
import { planPods, type Renewal } from '../../src/workload/plan-pods.js';
import { indexOf, isAlive, isReady, templateHashOf } from '../../src/workload/pod-state.js';
import { scaleDownOrder } from '../../src/workload/scale-down-order.js';

interface PodFacts {
  readonly index: number;
  readonly hash?: string;
  readonly ready?: boolean;
  readonly leaving?: boolean;
  readonly failed?: boolean;
  readonly foreign?: boolean;
  readonly gated?: boolean;
  readonly cost?: number;
}

const pod = ({ index, hash = 'new', ready, leaving, failed, foreign, gated, cost }: PodFacts): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `clique-${index}`,
    namespace: 'ns',
    labels: { 'grove.io/podclique-pod-index': String(index), 'grove.io/pod-template-hash': hash },
    ...(cost === undefined
      ? {}
      : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': String(cost) } }),
    ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    ownerReferences: [
      {
        apiVersion: 'grove.io/v1alpha1',
        kind: 'PodClique',
        name: 'clique',
        uid: foreign ? 'other' : 'uid',
        controller: true,
      },
    ],
  },
  spec: {
    containers: [],
    ...(gated ? { schedulingGates: [{ name: 'grove.io/podgang-pending-creation' }] } : {}),
  },
  status: {
    phase: failed ? 'Failed' : 'Running',
    conditions: ready ? [{ type: 'Ready', status: 'True' }] : [],
  },
});

const cliqueOf = (replicas: number, minAvailable = 1): PodClique => ({
  apiVersion: 'grove.io/v1alpha1',
  kind: 'PodClique',
  metadata: { name: 'clique', namespace: 'ns', uid: 'uid', labels: { 'grove.io/pod-template-hash': 'new' } },
  spec: { podSpec: { containers: [{ name: 'c' }] }, replicas, minAvailable },
});

const facts = fc.uniqueArray(
  fc.record({
    index: fc.nat(8),
    hash: fc.constantFrom('old', 'new'),
    ready: fc.boolean(),
    leaving: fc.boolean(),
    failed: fc.boolean(),
    foreign: fc.boolean(),
    cost: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
  }),
  { selector: ({ index }) => index, maxLength: 8 },
);
const renewals = fc.constantFrom<Renewal>('one-by-one', 'at-once', 'on-delete');

describe('planPods', () => {
  it('never makes too many pods, nor two of one index, nor touches what is not its own', () => {
    fc.assert(
      fc.property(facts, fc.nat(8), renewals, (all, replicas, renewal) => {
        const pods = all.map(pod);
        const plan = planPods(cliqueOf(replicas), pods, renewal);
        const alive = pods.filter((p, i) => isAlive(p) && !all[i]?.foreign);
        const removed = [...plan.surplus, ...plan.ended, ...plan.outdated];
        expect(alive.length - plan.surplus.length + plan.create.length).toBeLessThanOrEqual(
          Math.max(replicas, alive.length - plan.surplus.length),
        );
        expect(alive.length - plan.surplus.length).toBeLessThanOrEqual(replicas);
        const taken = new Set(pods.map(indexOf));
        for (const index of plan.create) {
          expect(taken).not.toContain(index);
          expect(index).toBeLessThan(replicas);
        }
        expect(new Set(plan.create).size).toBe(plan.create.length);
        for (const victim of removed) expect(victim.metadata.ownerReferences?.[0]?.uid).toBe('uid');
        expect(new Set(removed).size).toBe(removed.length);
      }),
    );
  });

  it('comes to an end: as many pods as wanted, all of the new template unless that is left to others', () => {
    fc.assert(
      fc.property(facts, fc.nat(8), renewals, (all, replicas, renewal) => {
        const clique = cliqueOf(replicas);
        let pods = all.filter(({ foreign }) => !foreign).map(pod);
        for (let round = 0; round < 40; round++) {
          const { create, surplus, ended, outdated } = planPods(clique, pods, renewal);
          const leaving = new Set([...surplus, ...ended, ...outdated]);
          // What is being deleted goes, the rest becomes ready, new pods come.
          pods = pods
            .filter((p) => !leaving.has(p) && p.metadata.deletionTimestamp === undefined)
            .map((p) =>
              isAlive(p) ? pod({ index: indexOf(p) ?? 0, hash: templateHashOf(p), ready: true }) : p,
            );
          pods.push(...create.map((index) => pod({ index, ready: true })));
        }
        expect(pods.filter(isAlive)).toHaveLength(replicas);
        if (renewal !== 'on-delete') expect(pods.every((p) => templateHashOf(p) === 'new')).toBe(true);
      }),
    );
  });

  it('takes one ready pod of the old template at a time, only while all others are ready', () => {
    fc.assert(
      fc.property(facts, renewals, (all, renewal) => {
        const pods = all.map(pod);
        const { outdated } = planPods(cliqueOf(all.length), pods, renewal);
        if (renewal === 'on-delete') expect(outdated).toEqual([]);
        const ready = outdated.filter(isReady);
        if (renewal !== 'one-by-one' || ready.length === 0) return;
        expect(outdated).toHaveLength(1);
        expect(pods.every((p) => isAlive(p) && isReady(p))).toBe(true);
      }),
    );
  });

  it('keeps an index until its pod is gone', () => {
    const pods = [pod({ index: 0, leaving: true }), pod({ index: 1 })];
    expect(planPods(cliqueOf(2), pods, 'one-by-one').create).toEqual([]);
    expect(planPods(cliqueOf(3), pods, 'one-by-one').create).toEqual([2]);
    expect(planPods(cliqueOf(2), pods.slice(1), 'one-by-one').create).toEqual([0]);
  });
});

describe('scaleDownOrder', () => {
  it('goes by deletion cost, then readiness, then the highest index', () => {
    const order = (all: PodFacts[]) => scaleDownOrder(all.map(pod)).map(indexOf);
    expect(order([{ index: 0 }, { index: 1 }, { index: 2 }])).toEqual([2, 1, 0]);
    expect(order([{ index: 0, ready: true }, { index: 1 }, { index: 2, ready: true }])).toEqual([1, 2, 0]);
    expect(order([{ index: 0, ready: true, cost: -1000 }, { index: 1 }, { index: 2 }])).toEqual([0, 2, 1]);
    expect(
      order([
        { index: 0, cost: 5 },
        { index: 1, ready: true },
      ]),
    ).toEqual([1, 0]);
  });
});

describe('planGang', () => {
  const gangOf = (references: number[], minReplicas: number, initialized: boolean): PodGang => ({
    apiVersion: 'scheduler.grove.io/v1alpha1',
    kind: 'PodGang',
    metadata: { name: 'g', namespace: 'ns' },
    spec: {
      podgroups: [
        {
          name: 'clique',
          minReplicas,
          podReferences: references.map((i) => ({ namespace: 'ns', name: `clique-${i}` })),
        },
      ],
    },
    status: {
      conditions: [
        {
          type: 'Initialized',
          status: initialized ? 'True' : 'False',
          lastTransitionTime: '',
          reason: 'x',
          message: '',
        },
      ],
    },
  });

  it('opens no gate before the stored gang is complete and refers to the pod', () => {
    const gated = fc.uniqueArray(fc.nat(4), { maxLength: 5 });
    fc.assert(
      fc.property(
        gated,
        gated,
        fc.boolean(),
        fc.boolean(),
        fc.nat(5),
        (indexes, references, initialized, base, n) => {
          const pods = indexes.map((index) => pod({ index, gated: true }));
          const clique = cliqueOf(n, Math.max(1, n - 1));
          const gang = gangOf(references, 1, initialized);
          const plan = planGang(gang, () => ({ clique, pods }), base);
          if (!initialized || !base) expect(plan.release).toEqual([]);
          for (const { metadata } of plan.release)
            expect(references.map((i) => `clique-${i}`)).toContain(metadata.name);
          if (initialized) expect(plan.initialized).toBe(true);
          else expect(plan.initialized).toBe(pods.length >= n);
          // Until it is complete a gang refers to nothing.
          if (!plan.initialized) expect(plan.podgroups).toEqual(gang.spec.podgroups);
        },
      ),
    );
  });

  it('raises the minimum of a clique that wakes only when its pods are there', () => {
    const clique = cliqueOf(3, 2);
    const plan = (pods: Pod[]) => planGang(gangOf([], 0, true), () => ({ clique, pods }), true).podgroups[0];
    expect(plan([pod({ index: 0, gated: true })])).toMatchObject({ minReplicas: 0 });
    expect(plan([0, 1].map((index) => pod({ index, gated: true })))).toMatchObject({ minReplicas: 2 });
  });
});
