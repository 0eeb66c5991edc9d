import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Condition, mergeConditions, type WantedCondition } from './merge-conditions.js';

const before: Condition = {
  type: 'Accepted',
  status: 'True',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'Accepted',
  message: 'm',
};
const now = '2026-11-25T22:00:00Z';
const wanted: WantedCondition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'm' };

describe('mergeConditions', () => {
  it('writes nothing when nothing differs', () => {
    expect(mergeConditions([before], [wanted], 1, now)).toBeUndefined();
  });

  it('keeps the time of the transition while the status stays', () => {
    expect(mergeConditions([before], [{ ...wanted, message: 'other' }], 2, now)).toEqual([
      { ...before, message: 'other', observedGeneration: 2 },
    ]);
    expect(mergeConditions([before], [{ ...wanted, status: 'False' }], 1, now)).toEqual([
      { ...before, status: 'False', lastTransitionTime: now },
    ]);
  });

  it('leaves the conditions of others alone and takes its own old ones away', () => {
    const foreign = { ...before, type: 'gateway.example/Programmed' };
    const stale = { ...before, type: 'penstock.dev/RolesActedUpon' };
    expect(mergeConditions([foreign, stale, before], [wanted], 1, now)).toEqual([foreign, before]);
  });

  it('is at rest after one write', () => {
    const type = fc.constantFrom('Accepted', 'penstock.dev/A', 'penstock.dev/B', 'other');
    const status = fc.constantFrom('True' as const, 'False' as const);
    const condition = fc.record({ type, status, reason: fc.constantFrom('R', 'S'), message: fc.string() });
    const unique = { selector: (c: { type: string }) => c.type };
    fc.assert(
      fc.property(fc.uniqueArray(condition, unique), fc.uniqueArray(condition, unique), (old, next) => {
        const existing = old.map((c) => ({ ...c, lastTransitionTime: 'before' }));
        const merged = mergeConditions(existing, next, 3, now) ?? existing;
        expect(mergeConditions(merged, next, 3, 'later')).toBeUndefined();
        for (const c of next) expect(merged.find(({ type: t }) => t === c.type)).toMatchObject(c);
      }),
    );
  });
});
