import { describe, expect, it } from '@jest/globals';
import { deploymentKind, podCliqueScalingGroupKind } from '@penstock/contracts';
import type { EngineFacts, PoolDemand, VariantDecision } from '@penstock/core/scaling';
import fc from 'fast-check';
import { planAction } from './plan-action.js';
import type { ReplicaView } from './replica-view.js';
import type { Target } from './target.js';

const NOW_MS = 1_000_000;
const settings = { timeoutMs: 60_000, quietMs: 2_000 };

interface Spec {
  readonly draining?: boolean;
  readonly ready?: boolean;
  /** Requests there; absent: nobody knows. */
  readonly running?: number;
  /** Time until the deadline of the drain. */
  readonly leftMs?: number;
  /** In a group; its place when absent. */
  readonly index?: number;
}

const targetOf = (specReplicas: number, group: boolean): Target => ({
  kind: group ? podCliqueScalingGroupKind : deploymentKind,
  namespace: 'ns',
  name: 't',
  specReplicas,
  podLabels: [],
  selector: {},
  podsPerReplica: 1,
  ...(group ? { replicaLabel: 'index' } : {}),
});

const viewOf = (
  { draining = false, ready = true, leftMs = 30_000, index = -1 }: Spec,
  place: number,
): ReplicaView => ({
  replica: { pods: [`ns/p${place}`], ready, draining },
  index: index < 0 ? place : index,
  pods: [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `p${place}`,
        namespace: 'ns',
        uid: `u${place}`,
        annotations: draining ? { 'penstock.dev/draining': new Date(NOW_MS + leftMs).toISOString() } : {},
      },
    },
  ],
});

const enginesOf = (specs: readonly Spec[]): EngineFacts[] =>
  specs.flatMap(({ running }, index) =>
    running === undefined
      ? []
      : {
          engine: `ns/p${index}`,
          ...{ role: 'both', ready: true, waiting: 0, running, kvUsage: 0, kvCapacityTokens: 1, ageMs: 0 },
        },
  ) as EngineFacts[];

function plan(
  specReplicas: number,
  specs: Spec[],
  current: number,
  desired: number,
  over: { group?: boolean; code?: string } = {},
) {
  const decision = {
    ...{ key: 'ns/v', atMs: NOW_MS, current, desired, code: over.code ?? 'steady', reason: '' },
    demand: { engines: enginesOf(specs) } as unknown as PoolDemand,
  } as VariantDecision;
  const { undrain, drain, scaleTo, removed } = planAction(
    targetOf(specReplicas, over.group ?? false),
    specs.map(viewOf),
    decision,
    settings,
  );
  const names = (views: readonly ReplicaView[]) => views.map(({ pods }) => pods[0]?.metadata.name).sort();
  return { undrain: names(undrain), drain: names(drain), scaleTo, removed: names(removed) };
}

const nothing = { undrain: [], drain: [], scaleTo: undefined, removed: [] };

describe('planAction', () => {
  it('does nothing when all is as it should be', () => {
    expect(plan(2, [{ running: 1 }, { running: 0 }], 2, 2)).toEqual(nothing);
  });

  it('scales up at once', () => {
    expect(plan(2, [{}, {}], 2, 5)).toEqual({ ...nothing, scaleTo: 5 });
  });

  it('takes draining replicas back before it adds any', () => {
    const specs = [{}, { draining: true }, { draining: true }];
    expect(plan(3, specs, 1, 2)).toEqual({ ...nothing, undrain: ['p1'] });
    expect(plan(3, specs, 1, 5)).toEqual({ ...nothing, undrain: ['p1', 'p2'], scaleTo: 5 });
  });

  it('does not make replicas that are not there yet, and drains the others, unready and least loaded first', () => {
    expect(plan(5, [{ running: 1 }, { running: 2 }], 5, 2)).toEqual({ ...nothing, scaleTo: 2 });
    expect(plan(3, [{ running: 2 }, { ready: false }, { running: 1 }], 3, 1)).toEqual({
      ...nothing,
      drain: ['p1', 'p2'],
    });
  });

  it('removes what is drained: idle, over its time, or not ready', () => {
    const idle = { draining: true, running: 0 };
    expect(plan(2, [{ running: 1 }, idle], 1, 1)).toEqual({ ...nothing, scaleTo: 1, removed: ['p1'] });
    expect(plan(2, [{}, { draining: true, running: 9 }], 1, 1)).toEqual(nothing);
    expect(plan(2, [{}, { draining: true }], 1, 1)).toEqual(nothing);
    expect(plan(2, [{}, { draining: true, running: 9, leftMs: 0 }], 1, 1)).toMatchObject({ scaleTo: 1 });
    expect(plan(2, [{}, { draining: true, ready: false }], 1, 1)).toMatchObject({ scaleTo: 1 });
    // Schedulers may not have heard of the drain yet.
    expect(plan(2, [{}, { ...idle, leftMs: 59_000 }], 1, 1)).toEqual(nothing);
  });

  it('does not lower twice for a replica that is on its way out', () => {
    expect(plan(1, [{}, { draining: true, running: 0 }], 1, 1)).toEqual(nothing);
  });

  it('keeps drains while nothing is known, and takes back what would be cut off', () => {
    const over = { code: 'hold-no-demand' };
    expect(plan(2, [{}, { draining: true, running: 0 }], 1, 1, over)).toEqual(nothing);
    expect(plan(2, [{}, { draining: true, leftMs: -1 }], 1, 1, over)).toEqual({
      ...nothing,
      undrain: ['p1'],
    });
  });

  it('removes the highest index of a group, once all above are drained', () => {
    const group = { group: true };
    expect(plan(3, [{ running: 0 }, { running: 9 }, { running: 9 }], 3, 2, group)).toEqual({
      ...nothing,
      drain: ['p2'],
    });
    const [idle, busy] = [
      { draining: true, running: 0 },
      { draining: true, running: 1 },
    ];
    expect(plan(3, [{}, idle, busy], 1, 1, group)).toEqual(nothing);
    expect(plan(3, [{}, busy, idle], 1, 1, group)).toEqual({ ...nothing, scaleTo: 2, removed: ['p2'] });
    expect(plan(3, [{}, idle, idle], 1, 1, group)).toEqual({ ...nothing, scaleTo: 1, removed: ['p1', 'p2'] });
  });

  it('keeps the replica of a group that serves when others do not come', () => {
    const cancel = { group: true, code: 'cancel-pending' };
    const down = { group: true, code: 'scale-down' };
    // Number 0 failed, 1 serves: the highest index is the wrong one to give back.
    expect(plan(2, [{ ready: false }, {}], 2, 1, cancel)).toEqual(nothing);
    expect(plan(2, [{ ready: false }, {}], 2, 1, down)).toEqual(nothing);
    expect(plan(3, [{}, { ready: false }, { ready: false }], 3, 1, cancel)).toMatchObject({
      drain: ['p1', 'p2'],
    });
    expect(plan(2, [{ ready: false }, {}], 2, 0, down)).toMatchObject({ drain: ['p0', 'p1'] });
    // Number 0 is being made again: lowering the replicas would remove 1, in the middle of its requests.
    expect(plan(2, [{ index: 1, running: 9 }], 2, 1, cancel)).toEqual(nothing);
    expect(plan(3, [{ index: 1, running: 9 }], 3, 1, cancel)).toEqual({ ...nothing, scaleTo: 2 });
  });

  it('takes back what is drained when nothing else is ready any more', () => {
    const specs = [{ ready: false }, { draining: true, running: 0 }, { draining: true, ready: false }];
    expect(plan(3, specs, 1, 1, { code: 'hold-starting' })).toEqual({ ...nothing, undrain: ['p1'] });
    expect(plan(3, specs.slice(0, 1), 3, 3, { code: 'hold-starting' })).toEqual(nothing);
  });

  it('never goes below what is recommended, and never touches what it need not', () => {
    const spec = fc.record({
      draining: fc.boolean(),
      ready: fc.boolean(),
      running: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
      leftMs: fc.constantFrom(-1, 30_000, 59_500),
    });
    fc.assert(
      fc.property(
        fc.array(spec, { maxLength: 8 }),
        fc.nat({ max: 10 }),
        fc.nat({ max: 10 }),
        fc.boolean(),
        (specs, specReplicas, desired, group) => {
          const draining = specs.filter((s) => s.draining).length;
          const leaving = Math.max(0, specs.length - specReplicas);
          const current = specReplicas - Math.min(specReplicas, Math.max(0, draining - leaving));
          const {
            undrain,
            drain,
            scaleTo = specReplicas,
          } = plan(specReplicas, specs, current, desired, { group });
          expect(scaleTo).toBeGreaterThanOrEqual(Math.min(desired, specReplicas));
          expect(drain.length).toBeLessThanOrEqual(Math.max(0, current - desired));
          if (desired <= current) expect([undrain, scaleTo <= specReplicas]).toEqual([[], true]);
          else expect(drain).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
