import { describe, expect, it } from '@jest/globals';
import { SilenceCheck } from './silence-check.js';

describe('SilenceCheck', () => {
  it('asks after a silence, then less and less often, and anew after a sound', () => {
    const check = new SilenceCheck(100);
    check.heard(0);
    const asked: number[] = [];
    for (let now = 0; now <= 10_000; now += 10) if (check.isDue(now)) asked.push(now);
    expect(asked).toEqual([100, 300, 700, 1500, 3100, 4700, 6300, 7900, 9500]);
    check.heard(10_000);
    expect([check.isDue(10_090), check.isDue(10_100)]).toEqual([false, true]);
  });
});
