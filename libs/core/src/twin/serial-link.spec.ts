import { describe, expect, it } from '@jest/globals';
import { SerialLink } from './serial-link.js';

describe('SerialLink', () => {
  it('carries one transfer after the other, with latencies that overlap', () => {
    const link = new SerialLink({ bytesPerSecond: 1e6, latencyMs: 10 });
    expect(link.waitMs(0)).toBe(0);
    expect(link.send(0, 5_000)).toBe(15);
    expect(link.send(0, 5_000)).toBe(20);
    expect(link.waitMs(2)).toBe(18);
    expect(link.send(100, 1_000)).toBe(111);
    expect(link.waitMs(200)).toBe(0);
  });
});
