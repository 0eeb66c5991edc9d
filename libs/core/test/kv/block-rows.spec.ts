import { describe, expect, it } from '@jest/globals';
import { PrefixIndex } from '../../src/kv/index.js';
import { drawFrom } from './draw.js';

/** Keys whose hashes in the index are all the same: its first step is undone in their lower halves. */
function keysOfOneHash(count: number): BigUint64Array {
  return BigUint64Array.from({ length: count }, (_, high) => {
    const low = (12345 ^ Math.imul(high, 0x85ebca6b)) >>> 0;
    return (BigInt(high) << 32n) | BigInt(low);
  });
}

describe('blocks by key', () => {
  it('are found, or not, as in a Map through many splits, removals and uses of freed rows', () => {
    const draw = drawFrom(7);
    const index = new PrefixIndex();
    const held = new Set<bigint>();
    const all = BigUint64Array.from({ length: 30_000 }, (_, i) => BigInt(i) * 0x9e3779b97f4a7c15n);
    for (let round = 0; round < 60; round++) {
      const from = draw(all.length);
      const some = all.subarray(from, from + 1 + draw(4000));
      if (draw(5) < 3) {
        index.store('ns/a', 'gpu', some);
        for (const key of some) held.add(key);
      } else {
        index.remove('ns/a', 'gpu', some);
        for (const key of some) held.delete(key);
      }
      expect(index.blocks).toBe(held.size);
    }
    expect(new Set(index.keysOf('ns/a', 'gpu'))).toEqual(held);
    const wrong = all.filter((key) => index.holdersOf(key).length !== (held.has(key) ? 1 : 0));
    expect(wrong.length).toBe(0);
  });

  it('whose hashes somebody made the same are refused at some point, at nobody else’s cost', () => {
    const index = new PrefixIndex();
    const others = BigUint64Array.from({ length: 5000 }, (_, i) => BigInt(i) * 0x9e3779b97f4a7c15n);
    index.store('ns/a', 'gpu', others);
    const before = index.bytes;
    const same = keysOfOneHash(3000);
    const refused = index.store('ns/b', 'gpu', same);
    expect(refused).toBeGreaterThan(2000);
    expect([index.refused, index.evicted, index.blocksOf('ns/a')]).toEqual([refused, 0, 5000]);
    expect(index.bytes - before).toBeLessThan(512 * 1024);
    const kept = index.blocksOf('ns/b');
    expect(index.match(same, ['ns/b'])[0]?.blocks).toBe(kept);
    index.remove('ns/b', 'gpu', same.subarray(0, 100));
    expect(index.blocksOf('ns/b')).toBe(kept - 100);
    expect(index.match(same.subarray(100), ['ns/b'])[0]?.blocks).toBe(kept - 100);
  });
});
