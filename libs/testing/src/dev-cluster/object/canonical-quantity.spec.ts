import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalQuantity, parseQuantity } from './quantity.js';

describe('the canonical form of a quantity', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['0.5Ki', '512'],
    ['2000', '2k'],
    ['1e3', '1e3'],
    ['-1.50', '-1500m'],
    ['0', '0'],
    ['00.0Gi', '0'],
    ['100', '100'],
    ['0.0000000001', '1n'],
  ])('%s is %s', (text, canonical) => expect(canonicalQuantity(text)).toBe(canonical));

  it.each(['', 'x', '1.2.3', '1 Gi', 'Gi', '.', '1Zi'])('%j is none', (text) =>
    expect(canonicalQuantity(text)).toBeUndefined(),
  );

  it('keeps the value and is its own canonical form', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi');
    fc.assert(
      fc.property(fc.nat(100_000), suffix, (amount, unit) => {
        const canonical = canonicalQuantity(`${amount}${unit}`) ?? '';
        expect(parseQuantity(canonical)).toBeCloseTo(parseQuantity(`${amount}${unit}`), 6);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});
