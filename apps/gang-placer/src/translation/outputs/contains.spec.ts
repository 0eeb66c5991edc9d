import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contains } from './contains.js';

describe('contains', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: [{ x: 1, y: 2 }] }, { a: [{ x: 1 }] }, true],
    [{ a: [1, 2] }, { a: [1] }, false],
    [{ a: [] }, { a: {} }, false],
    [{ a: {} }, { a: [] }, false],
    [{ a: '1' }, { a: 1 }, false],
    [undefined, {}, false],
  ])('%j has %j: %s', (value, wanted, expected) => {
    expect(contains(value, wanted)).toBe(expected);
  });

  it('holds for everything and itself, with more or less around it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.string(),
        fc.jsonValue(),
        (value, key, extra) => {
          expect(contains(value, value)).toBe(true);
          if (!Object.hasOwn(value, key)) expect(contains({ ...value, [key]: extra }, value)).toBe(true);
        },
      ),
    );
  });
});
