import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WaitingSeat } from './waiting-queue.js';
import { WaitingRoom } from './waiting-room.js';

const limits = { maxRequests: 4, maxBytes: 100, maxWaitMs: 50 };
const items = (seats: ReadonlyArray<WaitingSeat<string>>) => seats.map((seat) => seat.item);

describe('WaitingRoom', () => {
  it('releases a queue in the order of arrival, and nothing of another one', () => {
    const room = new WaitingRoom<string>(limits);
    room.enter('p', 'a', 1, 0);
    room.enter('q', 'x', 1, 1);
    room.enter('p', 'b', 1, 2);
    expect(items(room.release('p', 1))).toEqual(['a']);
    expect(items(room.release('p', 9))).toEqual(['b']);
    expect(room.holds('p')).toBe(false);
    expect([...room.states()]).toEqual([{ queue: 'q', requests: 1, bytes: 1 }]);
  });

  it('gives one that comes back its old place', () => {
    const room = new WaitingRoom<string>(limits);
    room.enter('p', 'first', 1, 10);
    room.enter('p', 'third', 1, 30);
    room.release('p', 1);
    room.enter('p', 'second', 1, 20);
    room.enter('p', 'first', 1, 10);
    expect([...room.waiting('p')]).toEqual(['first', 'second', 'third']);
  });

  it('refuses what does not fit, and says which limit', () => {
    const room = new WaitingRoom<string>(limits);
    expect(room.enter('p', 'huge', 101, 0)).toEqual({ kind: 'full', limit: 'bytes' });
    for (const name of ['a', 'b', 'c', 'd']) room.enter('p', name, 1, 0);
    expect(room.enter('p', 'e', 1, 0)).toEqual({ kind: 'full', limit: 'requests' });
    expect([room.requests, room.bytes]).toEqual([4, 4]);
  });

  it('lets a small queue in at the cost of the newest of the largest', () => {
    const room = new WaitingRoom<string>(limits);
    for (const name of ['a', 'b', 'c', 'd']) room.enter('big', name, 20, 0);
    const entrance = room.enter('small', 'x', 20, 1);
    expect(entrance.kind === 'entered' && items(entrance.displaced)).toEqual(['d']);
    expect(room.enter('small', 'y', 45, 1)).toMatchObject({ kind: 'full', limit: 'bytes' });
    expect(room.enter('small', 'y', 1, 1)).toMatchObject({ kind: 'entered' });
    // Two and two now: nobody has more than his share.
    expect(room.enter('small', 'z', 1, 1)).toMatchObject({ kind: 'full', limit: 'requests' });
    expect(room.enter('third', 'w', 1, 1)).toMatchObject({ kind: 'entered' });
  });

  it('ends waits that last too long', () => {
    const room = new WaitingRoom<string>(limits);
    room.enter('p', 'a', 1, 0);
    room.enter('p', 'b', 1, 10);
    room.enter('q', 'c', 1, 5);
    expect(room.expire(49)).toEqual([]);
    expect(items(room.expire(55))).toEqual(['a', 'c']);
    expect(items(room.clear())).toEqual(['b']);
    expect(room.expire(1000)).toEqual([]);
  });

  it('keeps its bounds and loses or repeats nobody, whatever happens', () => {
    const queue = fc.constantFrom('p', 'q', 'r');
    const command = fc.oneof(
      fc.record({ do: fc.constant('enter' as const), queue, bytes: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ do: fc.constant('return' as const), queue, bytes: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ do: fc.constant('leave' as const), nth: fc.nat(20) }),
      fc.record({ do: fc.constant('release' as const), queue, count: fc.nat(3) }),
      fc.record({ do: fc.constant('expire' as const) }),
      fc.record({ do: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(command, fc.nat(20)), { maxLength: 80 }), (commands) => {
        const room = new WaitingRoom<number>(limits);
        /** Reference: who is inside, as the rules say. */
        let inside: Array<WaitingSeat<number>> = [];
        const all: Array<WaitingSeat<number>> = [];
        let nowMs = 0;
        const went = (seats: ReadonlyArray<WaitingSeat<number>>) => {
          for (const seat of seats) expect(inside).toContain(seat);
          expect(new Set(seats).size).toBe(seats.length);
          inside = inside.filter((seat) => !seats.includes(seat));
        };
        const of = (name: string) => inside.filter((seat) => seat.queue === name);
        commands.forEach(([step, passedMs], id) => {
          nowMs += passedMs;
          if (step.do === 'enter' || step.do === 'return') {
            const sinceMs = step.do === 'enter' ? nowMs : Math.max(0, nowMs - 30);
            const before = { requests: room.requests, bytes: room.bytes };
            const fits = before.requests < limits.maxRequests && before.bytes + step.bytes <= limits.maxBytes;
            const entrance = room.enter(step.queue, id, step.bytes, sinceMs);
            if (entrance.kind === 'full') {
              expect(fits).toBe(false);
              expect([room.requests, room.bytes]).toEqual([before.requests, before.bytes]);
            } else {
              if (fits) expect(entrance.displaced).toEqual([]);
              for (const gone of entrance.displaced) {
                expect(gone.queue).not.toBe(step.queue);
                const kept = of(gone.queue).filter((seat) => !entrance.displaced.includes(seat));
                for (const seat of kept) expect(seat.sinceMs).toBeLessThanOrEqual(gone.sinceMs);
              }
              went(entrance.displaced);
              inside.push(entrance.seat);
              all.push(entrance.seat);
            }
          } else if (step.do === 'leave') {
            const seat = all[step.nth];
            if (seat) {
              const was = inside.includes(seat);
              expect(room.leave(seat)).toBe(was);
              if (was) went([seat]);
            }
          } else if (step.do === 'release') {
            const expected = of(step.queue)
              .map((seat) => seat.sinceMs)
              .sort((a, b) => a - b)
              .slice(0, step.count);
            const released = room.release(step.queue, step.count);
            expect(released.map((seat) => seat.sinceMs)).toEqual(expected);
            for (const seat of released) expect(seat.queue).toBe(step.queue);
            went(released);
          } else if (step.do === 'expire') {
            const due = inside.filter((seat) => seat.sinceMs + limits.maxWaitMs <= nowMs);
            const expired = room.expire(nowMs);
            expect(new Set(expired)).toEqual(new Set(due));
            went(expired);
          } else {
            const cleared = room.clear();
            expect(cleared).toHaveLength(inside.length);
            went(cleared);
          }
          expect(room.requests).toBe(inside.length);
          expect(room.requests).toBeLessThanOrEqual(limits.maxRequests);
          expect(room.bytes).toBe(inside.reduce((sum, seat) => sum + seat.bytes, 0));
          expect(room.bytes).toBeLessThanOrEqual(limits.maxBytes);
          for (const name of ['p', 'q', 'r']) {
            expect(room.holds(name)).toBe(of(name).length > 0);
            const order = [...room.waiting(name)];
            expect(new Set(order)).toEqual(new Set(of(name).map((seat) => seat.item)));
            expect(order).toHaveLength(of(name).length);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
