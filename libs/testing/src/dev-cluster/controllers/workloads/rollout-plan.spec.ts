import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiObject } from '../../object/api-object.js';
import { podTemplateHash } from './pod-template-hash.js';
import { rankVictims } from './rank-victims.js';
import {
  newSetSize,
  planRollingUpdate,
  planScaling,
  type RolloutState,
  rolloutBounds,
  type SizedSet,
  type Sizes,
} from './rollout-plan.js';

const set = (name: string, replicas: number, available = replicas, maxBefore?: number): SizedSet => ({
  name,
  replicas,
  available,
  maxBefore,
});
const state = (
  replicas: number,
  newSet: SizedSet,
  oldSets: SizedSet[],
  maxSurge = 1,
  maxUnavailable = 0,
): RolloutState => ({ replicas, maxSurge, maxUnavailable, newSet, oldSets });
const entries = (sizes: Sizes) => Object.fromEntries(sizes);

describe('rolloutBounds', () => {
  it.each([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [3, 0, '25%', 0, 1],
    [4, 2, 1, 2, 1],
    [2, 0, 5, 0, 2],
  ])('%d pods, surge %s, unavailable %s', (replicas, surge, unavailable, maxSurge, maxUnavailable) => {
    expect(rolloutBounds(replicas, surge, unavailable)).toEqual({ maxSurge, maxUnavailable });
  });
});

describe('planRollingUpdate', () => {
  it('grows the new set within the surge, then shrinks old ones as far as enough stay available', () => {
    expect(entries(planRollingUpdate(state(3, set('new', 0), [set('old', 3)])))).toEqual({ new: 1 });
    expect(entries(planRollingUpdate(state(3, set('new', 1, 0), [set('old', 3)])))).toEqual({});
    expect(entries(planRollingUpdate(state(3, set('new', 1), [set('old', 3)])))).toEqual({ old: 2 });
  });

  it('gives up what is not available first', () => {
    const plan = planRollingUpdate(state(3, set('new', 1, 0), [set('a', 1, 0), set('b', 2)]));
    expect(entries(plan)).toEqual({});
    const more = planRollingUpdate(state(3, set('new', 1), [set('a', 1, 0), set('b', 2)]));
    expect(entries(more)).toEqual({ a: 0 });
  });

  it('always ends, within its bounds, whatever the start', () => {
    const sizes = fc.array(fc.nat({ max: 6 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.nat({ max: 12 }),
        fc.nat({ max: 4 }),
        fc.nat({ max: 4 }),
        sizes,
        (replicas, surge, away, old) => {
          const bounds = rolloutBounds(replicas, surge, away);
          let sets = [...old.map((size, i) => set(`old${i}`, size)), set('new', 0)];
          const total = () => sets.reduce((sum, s) => sum + s.replicas, 0);
          const start = Math.max(total(), replicas + bounds.maxSurge);
          const lowest = Math.min(total(), replicas - bounds.maxUnavailable);
          for (let round = 0; round < 200; round++) {
            const view = { replicas, ...bounds, newSet: sets.at(-1)!, oldSets: sets.slice(0, -1) };
            const plan = planRollingUpdate(view);
            if (plan.size === 0) break;
            sets = sets.map((s) => set(s.name, plan.get(s.name) ?? s.replicas));
            expect(total()).toBeLessThanOrEqual(start);
            expect(total()).toBeGreaterThanOrEqual(lowest);
          }
          expect(sets.at(-1)!.replicas).toBe(replicas);
          expect(sets.slice(0, -1).every((s) => s.replicas === 0)).toBe(true);
        },
      ),
    );
  });
});

describe('planScaling', () => {
  it('resizes the only set, also when it has no pods', () => {
    expect(entries(planScaling(state(5, set('new', 3), [set('old', 0)])))).toEqual({ new: 5 });
    expect(entries(planScaling(state(5, set('new', 0), [set('old', 3)])))).toEqual({ old: 5 });
    expect(entries(planScaling(state(3, set('new', 0), [])))).toEqual({ new: 3 });
    expect(entries(planScaling(state(3, set('new', 3), [])))).toEqual({});
  });

  it('drops old sets when the new one has all', () => {
    expect(entries(planScaling(state(4, set('new', 4), [set('old', 1)])))).toEqual({ old: 0 });
  });

  it('shares what is added or taken in proportion, and never passes what is allowed', () => {
    const plan = planScaling(state(20, set('new', 2, 2, 11), [set('old', 9, 9, 11)], 2));
    expect(entries(plan)).toEqual({ new: 4, old: 18 });
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(size, size, fc.nat({ max: 40 }), fc.nat({ max: 5 }), (a, b, replicas, maxSurge) => {
        const sets = [set('old', a, 0, a + b), set('new', b, 0, a + b)];
        const sizes = planScaling(state(replicas, sets[1]!, [sets[0]!], maxSurge));
        const sum = sets.reduce((total, s) => total + (sizes.get(s.name) ?? s.replicas), 0);
        expect(sum).toBe(replicas > 0 ? replicas + maxSurge : 0);
        for (const value of sizes.values()) expect(value).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('newSetSize', () => {
  it('waits while others take the room', () => {
    expect(newSetSize(state(3, set('new', 0), [set('old', 5)]))).toBe(0);
    expect(newSetSize(state(3, set('new', 5), []))).toBe(3);
  });
});

describe('podTemplateHash', () => {
  it('depends on the content, not on the order of keys, and on the count of collisions', () => {
    const hash = podTemplateHash({ a: 1, b: { c: [1, 2] } }, 0);
    expect(podTemplateHash({ b: { c: [1, 2] }, a: 1 }, 0)).toBe(hash);
    expect(podTemplateHash({ b: { c: [2, 1] }, a: 1 }, 0)).not.toBe(hash);
    expect(podTemplateHash({ a: 1, b: { c: [1, 2] } }, 1)).not.toBe(hash);
    expect(hash).toMatch(/^[b-z2-9]{1,10}$/);
  });
});

describe('rankVictims', () => {
  const pod = (
    name: string,
    ready: string | undefined,
    more: Partial<ApiObject> = {},
    annotations = {},
  ): ApiObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations,
    },
    spec: { nodeName: name },
    status: {
      phase: 'Running',
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          lastTransitionTime: ready ?? '2026-01-01T00:00:00Z',
        },
      ],
    },
    ...more,
  });
  it('gives up unbound, pending, unready, cheap, crowded and young pods first', () => {
    const cost = (value: string) => ({ 'controller.kubernetes.io/pod-deletion-cost': value });
    const early = '2026-01-01T00:00:00Z';
    const pods = [
      pod('dear', early, {}, cost('1')),
      pod('old', early),
      pod('young', '2026-01-02T00:00:00Z'),
      pod('crowded', early, { spec: { nodeName: 'full' } }),
      pod('crowded-too', early, { spec: { nodeName: 'full' } }, cost('not a number')),
      pod('cheap', early, {}, cost('-1')),
      pod('unready', undefined),
      pod('pending', undefined, { status: { phase: 'Pending' } }),
      pod('unbound', undefined, { spec: {} }),
    ];
    expect(rankVictims(pods).map((p) => p.metadata.name)).toEqual([
      'unbound',
      'pending',
      'unready',
      'cheap',
      'crowded',
      'crowded-too',
      'young',
      'old',
      'dear',
    ]);
  });
});
