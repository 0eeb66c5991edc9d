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
