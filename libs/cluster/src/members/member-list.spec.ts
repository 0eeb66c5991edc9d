import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemberList } from './member-list.js';

const DEAD_MS = 1_000;

/** Renews `name` every 300 ms from `fromMs` until `toMs`, all as the watch brings it. */
function run(list: MemberList, names: readonly string[], fromMs: number, toMs: number): void {
  for (let ms = fromMs; ms < toMs; ms += 300) {
    for (const name of names) list.seen(name, `${name} at ${ms}`, ms);
    list.echoed(ms + 1);
  }
}

describe('MemberList', () => {
  it('has itself alone at the start, and others from their first record', () => {
    const list = new MemberList('b', DEAD_MS);
    expect(list.live).toEqual(['b']);
    list.seen('c', '1', 0);
    list.seen('a', '1', 0);
    expect(list.live).toEqual(['a', 'b', 'c']);
    list.gone('c');
    list.gone('nobody');
    expect(list.live).toEqual(['a', 'b']);
  });

  it('counts a member out that stays silent while our own renewals come back, and in again', () => {
    const list = new MemberList('a', DEAD_MS);
    run(list, ['b', 'c'], 0, 3_000);
    expect(list.live).toEqual(['a', 'b', 'c']);
    run(list, ['b'], 3_000, 3_900);
    expect(list.live).toEqual(['a', 'b', 'c']);
    run(list, ['b'], 3_900, 4_500);
    expect(list.live).toEqual(['a', 'b']);
    expect(list.silentFor(DEAD_MS)).toEqual(['c']);
    list.seen('c', 'back', 4_600);
    expect(list.live).toEqual(['a', 'b', 'c']);
  });

  it('is told the same record again, after a list, without believing it to be a sign of life', () => {
    const list = new MemberList('a', DEAD_MS);
    list.seen('b', 'same', 0);
    for (let ms = 0; ms < 2_000; ms += 300) {
      list.seen('b', 'same', ms);
      list.echoed(ms);
    }
    expect(list.live).toEqual(['a']);
  });

  it('judges nobody by the time in which the watch, the API or itself stood still', () => {
    const list = new MemberList('a', DEAD_MS);
    run(list, ['b'], 0, 1_000);
    // A minute without our own renewal; then it comes back before those of the others do.
    run(list, [], 61_000, 61_800);
    expect(list.live).toEqual(['a', 'b']);
    run(list, ['b'], 61_800, 65_000);
    expect(list.live).toEqual(['a', 'b']);
    run(list, [], 65_000, 66_500);
    expect(list.live).toEqual(['a']);
  });

  it('never counts out who renews in time as the watch brings it, whatever pauses come between', () => {
    const step = fc.record({
      pauseMs: fc.constantFrom(0, 0, 0, 5_000),
      waitMs: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const list = new MemberList('a', DEAD_MS);
        let nowMs = 0;
        list.seen('b', 'first', nowMs);
        for (const [i, { pauseMs, waitMs }] of steps.entries()) {
          nowMs += pauseMs + waitMs;
          // After a pause its record may come two of our renewals later.
          if (pauseMs > 0) list.echoed(nowMs - 1);
          list.echoed(nowMs);
          list.seen('b', `record ${i}`, nowMs);
          expect(list.live).toEqual(['a', 'b']);
        }
      }),
    );
  });

  it('counts out who never renews again, not before its time and not later than one renewal after it', () => {
    const renewals = fc.array(fc.integer({ min: 50, max: 900 }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(renewals, fc.nat(800), (waits, lastMs) => {
        const list = new MemberList('a', DEAD_MS);
        let nowMs = 0;
        list.echoed(nowMs);
        list.seen('b', 'last', lastMs);
        for (const waitMs of waits) {
          nowMs += waitMs;
          if (nowMs < lastMs) continue;
          list.echoed(nowMs);
          const silentMs = nowMs - lastMs;
          if (silentMs <= DEAD_MS) expect(list.live).toContain('b');
          if (silentMs > DEAD_MS + 900) expect(list.live).not.toContain('b');
        }
        expect(list.live).toEqual(['a']);
      }),
    );
  });
});
