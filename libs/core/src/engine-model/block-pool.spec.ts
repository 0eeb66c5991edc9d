import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockPool } from './block-pool.js';

/** The same pool with plain arrays: `free` is in LRU order, `holders` maps a content to its blocks in order. */
class PlainPool {
  free: number[];
  references: number[];
  content = new Map<number, number>();
  holders = new Map<number, number[]>();
  constructor(count: number) {
    this.free = Array.from({ length: count }, (_, i) => i);
    this.references = this.free.map(() => 0);
  }
  allocate(): { block: number; evicted: number | undefined } {
    const block = this.free.shift()!;
    this.references[block] = 1;
    const evicted = this.content.get(block);
    this.content.delete(block);
    if (evicted !== undefined) {
      this.holders.set(
        evicted,
        this.holders.get(evicted)!.filter((b) => b !== block),
      );
    }
    return { block, evicted };
  }
}

describe('BlockPool', () => {
  it('equals a pool of plain arrays: references, LRU order, copies, evictions', () => {
    const operation = fc.record({
      kind: fc.constantFrom('allocate', 'release', 'store', 'acquire', 'clear', 'allocate', 'release'),
      pick: fc.nat(100),
      content: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const evicted: number[] = [];
        const pool = new BlockPool(6, (content) => evicted.push(content));
        const plain = new PlainPool(6);
        for (const { kind, pick, content } of operations) {
          const used = plain.references.flatMap((r, b) => (r > 0 ? [b] : []));
          if (kind === 'allocate' && plain.free.length > 0) {
            const expected = plain.allocate();
            const before = evicted.length;
            expect(pool.allocate()).toBe(expected.block);
            expect(evicted.slice(before)).toEqual(expected.evicted === undefined ? [] : [expected.evicted]);
          } else if (kind === 'release' && used.length > 0) {
            const block = used[pick % used.length]!;
            pool.release(block);
            plain.references[block]!--;
            if (plain.references[block] === 0) plain.free.push(block);
          } else if (kind === 'store' && used.length > 0) {
            const block = used[pick % used.length]!;
            if (plain.content.has(block)) continue;
            pool.store(block, content, -1);
            plain.content.set(block, content);
            plain.holders.set(content, [...(plain.holders.get(content) ?? []), block]);
          } else if (kind === 'acquire') {
            const block = pool.find(content);
            expect(block).toBe(plain.holders.get(content)?.[0] ?? -1);
            if (block === -1) continue;
            pool.acquire(block);
            if (plain.references[block]!++ === 0) plain.free = plain.free.filter((b) => b !== block);
          } else if (kind === 'clear') {
            const idle = plain.free.length === 6;
            expect(pool.clear()).toBe(idle);
            if (idle) {
              plain.content.clear();
              plain.holders.clear();
            }
          }
          expect(pool.freeCount).toBe(plain.free.length);
        }
        const copies = new Map(
          [...plain.holders].flatMap(([c, b]) => (b.length ? [[c, b.length] as const] : [])),
        );
        expect(new Map(pool.cached().map((c) => [c.content, c.copies]))).toEqual(copies);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses to release a block that nobody uses, and to allocate when none is free', () => {
    const pool = new BlockPool(1, () => {});
    pool.release(pool.allocate());
    expect(() => pool.release(0)).toThrow(/no user/);
    pool.allocate();
    expect(() => pool.allocate()).toThrow(/no free block/);
  });
});
