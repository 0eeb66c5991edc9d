import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentKeys } from './recent-keys.js';

describe('RecentKeys', () => {
  it('knows the newest hashes, each once, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9 })), {
          maxLength: 900,
        }),
        (capacity, entries) => {
          const recent = new RecentKeys(capacity);
          /** A Map keeps the place of a key that is set again, as a hash that is known keeps its own. */
          const model = new Map<number, number>();
          for (const [hash, key] of entries) {
            recent.add(hash, hash * 3, key, key + 1);
            if (capacity === 0) continue;
            if (!model.has(hash) && model.size === capacity)
              model.delete(model.keys().next().value as number);
            model.set(hash, key);
          }
          const to = new Uint32Array(3);
          for (let hash = 0; hash <= 400; hash++) {
            const key = model.get(hash);
            expect(recent.find(hash, hash * 3, to, 1)).toBe(key !== undefined);
            if (key !== undefined) expect([...to.subarray(1)]).toEqual([key, key + 1]);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
