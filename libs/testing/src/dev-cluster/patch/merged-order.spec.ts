import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergedOrder } from './merged-order.js';

const keys = fc.uniqueArray(fc.constantFrom(...'abcdefg'), { maxLength: 7 });

describe('the order of merged lists', () => {
  // As a kube-apiserver orders them.
  it.each([
    ['ab', 'ac', 'abc'],
    ['ab', 'ba', 'ba'],
    ['abc', 'cxa', 'bcxa'],
    ['', 'ab', 'ab'],
    ['ab', '', 'ab'],
    ['ab', 'xb', 'axb'],
  ])('%s with %s is %s', (live, applied, expected) => {
    expect(mergedOrder([...live], [...applied]).join('')).toBe(expected);
  });

  it('has every item once, those applied in the order they are applied in', () => {
    fc.assert(
      fc.property(keys, keys, (live, applied) => {
        const order = mergedOrder(live, applied);
        expect([...order].sort()).toEqual([...new Set([...live, ...applied])].sort());
        expect(order.filter((key) => applied.includes(key))).toEqual(applied);
        const others = live.filter((key) => !applied.includes(key));
        expect(order.filter((key) => !applied.includes(key))).toEqual(others);
        expect(mergedOrder(order, applied)).toEqual(order);
      }),
    );
  });
});
