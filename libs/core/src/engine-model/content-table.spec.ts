import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ContentTable } from './content-table.js';

describe('ContentTable', () => {
  it('behaves like a Map under any sequence of operations', () => {
    const operation = fc.record({
      kind: fc.constantFrom('set', 'delete', 'clear', 'set', 'set'),
      key: fc.oneof(
        fc.integer({ min: 0, max: 12 }),
        fc.constantFrom(2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
      ),
      value: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const table = new ContentTable(16);
        const map = new Map<number, number>();
        for (const { kind, key, value } of operations) {
          if (kind === 'set') {
            table.set(key, value);
            map.set(key, value);
          } else if (kind === 'delete') {
            table.delete(key);
            map.delete(key);
          } else {
            table.clear();
            map.clear();
          }
          expect(table.size).toBe(map.size);
          for (let k = 0; k <= 12; k++) expect(table.get(k)).toBe(map.get(k) ?? -1);
          expect(table.get(2 ** 32)).toBe(map.get(2 ** 32) ?? -1);
          expect(table.get(Number.MAX_SAFE_INTEGER)).toBe(map.get(Number.MAX_SAFE_INTEGER) ?? -1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
