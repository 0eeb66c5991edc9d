import { describe, expect, it } from '@jest/globals';
import { DemandTally } from './demand-tally.js';

describe('DemandTally', () => {
  it('adds up an interval and keeps what is in flight', () => {
    const tally = new DemandTally();
    tally.arrived('ns', 'p', 'm', 100, 40);
    tally.arrived('ns', 'p', 'm', 50, 50);
    tally.sent('ns', 'p', 'm');
    tally.sent('ns', 'p', 'm');
    tally.ended('ns', 'p', 'm', 7);
    const base = { namespace: 'ns', pool: 'p', model: 'm' };
    expect(tally.take('ns', 'p')).toEqual([
      { ...base, requests: 2, promptTokens: 150, uncachedTokens: 90, outputTokens: 7, inFlight: 1 },
    ]);
    expect(tally.take('ns', 'p')).toEqual([
      { ...base, requests: 0, promptTokens: 0, uncachedTokens: 0, outputTokens: 0, inFlight: 1 },
    ]);
    tally.ended('ns', 'p', 'm', 3);
    expect(tally.take('ns', 'p')).toEqual([expect.objectContaining({ inFlight: 0, outputTokens: 3 })]);
    expect(tally.take('ns', 'p')).toEqual([]);
    expect([...tally.poolIds()]).toEqual([]);
  });

  it('counts a request that waits before it is sent', () => {
    const tally = new DemandTally();
    tally.arrived('ns', 'p', 'm', 100, 100);
    expect(tally.take('ns', 'p')).toEqual([expect.objectContaining({ requests: 1, inFlight: 0 })]);
    tally.sent('ns', 'p', 'm');
    expect(tally.take('ns', 'p')).toEqual([expect.objectContaining({ requests: 0, inFlight: 1 })]);
  });

  it('keeps pools apart and does not grow without end', () => {
    let dropped = 0;
    const tally = new DemandTally(2, () => void dropped++);
    tally.arrived('ns', 'p', 'a', 1, 1);
    tally.arrived('ns', 'q', 'b', 1, 1);
    tally.arrived('ns', 'q', 'c', 1, 1);
    expect(dropped).toBe(1);
    expect([...tally.poolIds()]).toEqual([
      ['ns', 'p'],
      ['ns', 'q'],
    ]);
    expect(tally.take('ns', 'q').map((d) => d.model)).toEqual(['b']);
    tally.take('ns', 'q');
    tally.arrived('ns', 'q', 'c', 1, 1);
    expect(tally.take('ns', 'q').map((d) => d.model)).toEqual(['c']);
    expect(dropped).toBe(1);
  });
});
