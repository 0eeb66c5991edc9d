import { describe, expect, it } from '@jest/globals';
import { ApproximatePrefixIndex, approximateKeys } from './index.js';

describe('ApproximatePrefixIndex', () => {
  it('matches the leading keys that an endpoint was sent', () => {
    const index = new ApproximatePrefixIndex();
    index.add('e', [1, 2, 3]);
    expect(index.match('e', [1, 2, 9, 3])).toBe(2);
    expect(index.match('e', [9, 1])).toBe(0);
    expect(index.match('f', [1])).toBe(0);
    index.removeEndpoint('e');
    expect(index.match('e', [1])).toBe(0);
  });

  it('drops the least recently sent keys of the endpoint beyond its capacity', () => {
    const index = new ApproximatePrefixIndex(3);
    index.add('e', [1]);
    index.add('e', [2]);
    index.add('e', [1, 3, 4]);
    expect(index.match('e', [2])).toBe(0);
    expect(index.match('e', [1, 3, 4])).toBe(3);
  });

  it('believes what answers say of cached tokens: what was sent before the first missing key is gone, too', () => {
    const index = new ApproximatePrefixIndex();
    index.add('e', [1, 2]);
    index.add('e', [3, 4, 5]);
    index.add('e', [6]);
    const again = index.add('e', [3, 4, 5]);
    expect([...again.sentBefore]).toEqual([2, 2, 2]);
    expect(index.learn('e', again, 0)).toBe(false);
    expect(index.match('e', [1, 2])).toBe(0);
    expect(index.match('e', [6])).toBe(1);
    expect(index.match('e', [3, 4, 5])).toBe(3);
  });

  it('learns nothing from an answer that had as much cached as was thought, or the end of the prompt to compute', () => {
    const index = new ApproximatePrefixIndex();
    index.add('e', [1]);
    expect(index.learn('e', index.add('e', [3, 4, 5]), 0)).toBe(true);
    const again = index.add('e', [3, 4, 5]);
    expect([2, 3, 9].map((cached) => index.learn('e', again, cached))).toEqual([true, true, true]);
    index.removeEndpoint('e');
    expect(index.learn('e', again, 0)).toBe(true);
    index.add('e', [1]);
    expect(index.match('e', [1])).toBe(1);
  });
});

describe('approximateKeys', () => {
  it('keeps every fourth key of 16-token blocks, exact to 52 bits', () => {
    const keys = BigUint64Array.from(
      { length: 9 },
      (_, i) => 0xabc0_0000_0000_0000n + BigInt(i) * 0x1_0000_0001n,
    );
    const expected = [3, 7].map((i) => Number(keys[i]! & 0xf_ffff_ffff_ffffn));
    expect([...approximateKeys(keys, 16)]).toEqual(expected);
    expect([...approximateKeys(keys.subarray(1), 128)]).toHaveLength(8);
  });

  it('looks at 131,072 tokens at most', () => {
    expect(approximateKeys(new BigUint64Array(10_000), 16)).toHaveLength(2048);
  });
});
