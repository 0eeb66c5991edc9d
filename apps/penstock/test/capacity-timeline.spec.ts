import { describe, expect, it } from '@jest/globals';
import { CapacityTimeline } from '../src/replay/capacity-timeline.js';
import { rampRequests } from '../src/replay/ramp.js';
import { waitUntil } from '../src/suite/wait-until.js';

describe('CapacityTimeline', () => {
  it('keeps what changed, leaves out readings that failed, and knows the peak', async () => {
    const readings = [
      { wanted: 2, ready: 2 },
      { wanted: 2, ready: 2 },
      undefined,
      { wanted: 4, ready: 2 },
      { wanted: 4, ready: 4 },
      { wanted: 2, ready: 2 },
    ];
    let read = 0;
    const timeline = new CapacityTimeline(
      async () => {
        const reading = readings[Math.min(read++, readings.length - 1)];
        if (!reading) throw new Error('away');
        return reading;
      },
      () => 7,
      10,
      5,
    );
    timeline.start();
    await waitUntil('all readings', async () => read > readings.length, 5000);
    await timeline.stop();
    expect(timeline.changes.map(({ wanted, ready }) => `${wanted}/${ready}`)).toEqual([
      '2/2',
      '4/2',
      '4/4',
      '2/2',
    ]);
    expect(timeline.peak).toEqual({ wanted: 4, ready: 4 });
    expect(timeline.changes[0]?.inFlight).toBe(7);
  });
});

describe('rampRequests', () => {
  it('grows with the fleet', () => {
    const [small, large] = [rampRequests(2, 1), rampRequests(8, 1)];
    expect(large.length / small.length).toBeGreaterThan(3);
    expect(large.length / small.length).toBeLessThan(5);
  });
});
