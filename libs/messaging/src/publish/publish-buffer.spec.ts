import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PublishBuffer } from './publish-buffer.js';

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('push' as const), bytes: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rewind' as const) }) },
);

describe('PublishBuffer', () => {
  it('keeps its limits, sends in order, and settles every entry once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const limits = { maxEvents: 8, maxBytes: 100 };
        const buffer = new PublishBuffer<number>(limits);
        const live = new Map<number, { bytes: number; sent: boolean }>();
        let pushed = 0;
        let lastTaken = 0;
        for (const action of steps) {
          if (action.do === 'push') {
            live.set(++pushed, { bytes: action.bytes, sent: false });
            for (const lost of buffer.push(pushed, action.bytes)) {
              expect(live.get(lost.value)?.sent).toBe(false);
              expect(live.delete(lost.value)).toBe(true);
            }
          } else if (action.do === 'take') {
            const entry = buffer.takeNext();
            const next = [...live].find(([, { sent }]) => !sent)?.[0];
            expect(entry?.value).toBe(next);
            if (entry) {
              expect(entry.value).toBeGreaterThan(lastTaken);
              lastTaken = entry.value;
              live.get(entry.value)!.sent = true;
            }
          } else if (action.do === 'settle') {
            const ordinals = [...live.keys()];
            const ordinal = ordinals[action.pick % Math.max(1, ordinals.length)];
            if (ordinal === undefined) continue;
            const entry = buffer.find(ordinal);
            expect(entry?.value).toBe(ordinal);
            buffer.settle(entry!, 'stored');
            expect(buffer.find(ordinal)).toBeUndefined();
            live.delete(ordinal);
          } else {
            buffer.rewind();
            lastTaken = 0;
            for (const entry of live.values()) entry.sent = false;
          }
          const entries = [...live.values()];
          const sent = entries.filter((entry) => entry.sent);
          const sum = (list: typeof entries) => list.reduce((total, { bytes }) => total + bytes, 0);
          expect(buffer.size).toBe(entries.length);
          expect(buffer.bytes).toBe(sum(entries));
          expect(buffer.inFlight).toBe(sent.length);
          expect(buffer.inFlightBytes).toBe(sum(sent));
          expect(buffer.size).toBeLessThanOrEqual(limits.maxEvents);
          expect(buffer.bytes).toBeLessThanOrEqual(limits.maxBytes);
          expect(buffer.settledTo).toBe((live.keys().next().value ?? pushed + 1) - 1);
        }
      }),
    );
  });

  it('forgets settled entries', () => {
    const buffer = new PublishBuffer<number>({ maxEvents: 10, maxBytes: 1000 });
    for (let i = 1; i <= 5000; i++) {
      buffer.push(i, 1);
      const entry = buffer.takeNext();
      expect(entry?.value).toBe(i);
      buffer.settle(entry!, 'stored');
    }
    expect(buffer.settledTo).toBe(5000);
    expect(buffer.find(4999)).toBeUndefined();
    expect((buffer as unknown as { entries: unknown[] }).entries.length).toBeLessThan(2100);
  });

  it('lets go of what is settled, also behind an entry that is not', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const buffer = new PublishBuffer<object>({ maxEvents: 10, maxBytes: 1000 });
    buffer.push({}, 10);
    buffer.takeNext();
    const payloads: WeakRef<object>[] = [];
    const add = () => {
      const payload = { size: payloads.length };
      payloads.push(new WeakRef(payload));
      buffer.push(payload, 10);
    };
    for (let i = 0; i < 100; i++) add();
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    expect(buffer.size).toBe(10);
    expect(payloads.filter((payload) => payload.deref()).length).toBeLessThan(20);
  });
});
