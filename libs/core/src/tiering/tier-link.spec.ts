import { describe, expect, it } from '@jest/globals';
import { DEFAULT_TIER_LINKS, loadTimeMs } from './tier-link.js';

describe('loadTimeMs', () => {
  it('is latency and bytes over bandwidth', () => {
    expect(loadTimeMs({ bytesPerSecond: 1000, latencyMs: 5 }, 2000)).toBe(2005);
    expect(loadTimeMs(DEFAULT_TIER_LINKS.ssd, 3e6)).toBeCloseTo(1.2, 9);
  });

  it('is nothing for nothing', () => {
    expect(loadTimeMs(DEFAULT_TIER_LINKS.s3, 0)).toBe(0);
  });
});
