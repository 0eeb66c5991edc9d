import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CacheEvent } from '../engine-model/index.js';
import { ExactKvView } from './exact-kv-view.js';
import type { TwinRequest } from './twin-request.js';

const CONTENTS = 6;
const event = fc.record({
  engine: fc.nat(2),
  type: fc.constantFrom('stored' as const, 'removed' as const),
  contents: fc.array(fc.nat(CONTENTS + 1), { minLength: 1, maxLength: 4 }),
});

describe('ExactKvView', () => {
  it('equals a count per content and engine, of the events old enough', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.array(fc.nat(CONTENTS - 1), { maxLength: 5 }),
        fc.nat(70),
        (events, prompt, nowMs) => {
          const view = new ExactKvView(3, CONTENTS, 10);
          const published = new Map<string, number>();
          const visible = new Map<string, number>();
          events.forEach(({ engine, type, contents }, atMs) => {
            // Engines never remove what they do not hold.
            const kept = contents.filter((c) => {
              const copies = (published.get(`${engine}/${c}`) ?? 0) + (type === 'stored' ? 1 : -1);
              if (copies < 0) return false;
              published.set(`${engine}/${c}`, copies);
              return true;
            });
            view.publish(engine, [{ type, contents: kept } as unknown as CacheEvent<TwinRequest>], atMs);
            if (atMs + 10 <= nowMs) {
              for (const c of kept) {
                const key = `${engine}/${c}`;
                visible.set(key, (visible.get(key) ?? 0) + (type === 'stored' ? 1 : -1));
              }
            }
          });
          view.advance(nowMs);
          const matched = new Int32Array(3);
          view.match(Int32Array.from(prompt), matched);
          const expected = [0, 1, 2].map((e) => {
            let n = 0;
            while (n < prompt.length && (visible.get(`${e}/${prompt[n]}`) ?? 0) > 0) n++;
            return n;
          });
          expect([...matched]).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says how many engines it can follow', () => {
    expect(() => new ExactKvView(33, 1, 0)).toThrow(/at most 32 engines, not 33/);
    const view = new ExactKvView(32, 1, 0);
    view.publish(31, [{ type: 'stored', contents: [0] } as unknown as CacheEvent<TwinRequest>], 0);
    view.advance(0);
    const matched = new Int32Array(32);
    view.match(Int32Array.of(0), matched);
    expect([...matched]).toEqual([...new Array<number>(31).fill(0), 1]);
  });
});
