import { describe, expect, it } from '@jest/globals';
import { chunkLoadTimes } from './index.js';

const quick = { bytesPerSecond: 1e9, latencyMs: 1 };
const slow = { bytesPerSecond: 1e8, latencyMs: 20 };

describe('chunkLoadTimes', () => {
  it('adds the bytes of each chunk and the latency of each link once', () => {
    expect([...chunkLoadTimes([quick, quick, slow, quick, slow], 1e6)]).toEqual([2, 3, 33, 34, 44]);
  });

  it('is empty without chunks', () => {
    expect(chunkLoadTimes([], 1e6)).toHaveLength(0);
  });
});
