import { describe, expect, it } from '@jest/globals';
import { DemandTally } from './demand-tally.js';

describe('DemandTally', () => {
  it('reports an interval at a time, and nothing without demand', () => {
    const tally = new DemandTally();
    tally.arrived('ns', 'p', 'm', 100, 60);
    tally.arrived('ns', 'p', 'm', 10, 10);
    const first = {
      namespace: 'ns',
      pool: 'p',
      model: 'm',
      requests: 2,
      promptTokens: 110,
      uncachedTokens: 70,
      outputTokens: 0,
      inFlight: 2,
    };
    expect(tally.take()).toEqual([first]);
    tally.ended('ns', 'p', 'm', 7);
    expect(tally.take()).toEqual([
      { ...first, requests: 0, promptTokens: 0, uncachedTokens: 0, outputTokens: 7, inFlight: 1 },
    ]);
    tally.ended('ns', 'p', 'm', 0);
    expect(tally.take()).toEqual([]);
    expect(tally.take()).toEqual([]);
  });

  it('is bounded', () => {
    const tally = new DemandTally(10);
    for (let i = 0; i < 100; i++) tally.arrived('ns', 'p', `m${i}`, 1, 1);
    expect(tally.take()).toHaveLength(10);
  });
});
