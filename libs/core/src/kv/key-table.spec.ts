import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyTable } from './key-table.js';

// Few distinct keys that share halves, so that probe runs collide and wrap.
const half = fc.oneof(fc.integer({ min: 0, max: 7 }), fc.constant(0xffffffff), fc.nat());
const operation = fc.record({ add: fc.boolean(), low: half, high: half });

describe('KeyTable', () => {
  it('behaves like a map under any order of adds and deletes', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const table = new KeyTable(16);
        const model = new Map<string, number>();
        for (const { add, low, high } of operations) {
          const name = `${low}/${high}`;
          if (add) {
            const id = table.add(low, high);
            expect(model.get(name) ?? id).toBe(id);
            model.set(name, id);
          } else {
            const id = table.find(low, high);
            expect(id).toBe(model.get(name) ?? -1);
            if (id >= 0) table.delete(id);
            model.delete(name);
          }
          expect(table.size).toBe(model.size);
        }
        expect(new Set(model.values()).size).toBe(model.size);
        for (const [name, id] of model) {
          const [low, high] = name.split('/').map(Number) as [number, number];
          expect(table.find(low, high)).toBe(id);
          expect([table.lowOf(id), table.highOf(id)]).toEqual([low, high]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps every key through growth', () => {
    const table = new KeyTable(16);
    for (let i = 0; i < 5000; i++) table.add(i, i * 7);
    for (let i = 0; i < 5000; i += 2) table.delete(table.find(i, i * 7));
    expect(table.size).toBe(2500);
    for (let i = 0; i < 5000; i++) expect(table.find(i, i * 7) >= 0).toBe(i % 2 === 1);
  });
});
