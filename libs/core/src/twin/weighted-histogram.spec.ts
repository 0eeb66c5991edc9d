import { describe, expect, it } from '@jest/globals';
import { quantile } from './quantile.js';
import { randomSource } from './random-source.js';
import { WeightedHistogram } from './weighted-histogram.js';

describe('WeightedHistogram', () => {
  it('has the quantiles of the values it was given, to half a percent', () => {
    const random = randomSource(3);
    const values = Array.from({ length: 20_000 }, () => random.logNormal(20, 0.6));
    const whole = new WeightedHistogram();
    const [left, right] = [new WeightedHistogram(), new WeightedHistogram()];
    for (const value of values) whole.add(value);
    for (const value of values) (value < 15 ? left : right).add(value, 3);
    left.merge(right);
    const ascending = Float64Array.from(values).sort();
    for (const q of [0.01, 0.5, 0.9, 0.99]) {
      const exact = quantile(ascending, q);
      expect(Math.abs(whole.quantile(q) / exact - 1)).toBeLessThan(0.005);
      expect(Math.abs(left.quantile(q) / exact - 1)).toBeLessThan(0.005);
    }
    expect(left.total).toBe(60_000);
    expect(new WeightedHistogram().quantile(0.5)).toBeNaN();
  });
});

describe('quantile', () => {
  it('interpolates', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.9)).toBeNaN();
  });
});
