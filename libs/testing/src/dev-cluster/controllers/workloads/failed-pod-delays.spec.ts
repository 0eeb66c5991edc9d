import { describe, expect, it } from '@jest/globals';
import { FailedPodDelays } from './failed-pod-delays.js';

describe('FailedPodDelays', () => {
  it('replaces at once, then after longer and longer waits', () => {
    const delays = new FailedPodDelays();
    expect(delays.nextMs('u/1/n', 1000)).toBe(0);
    expect(delays.nextMs('u/1/n', 1000)).toBe(250);
    expect(delays.nextMs('u/1/n', 1100)).toBe(150);
    expect(delays.nextMs('u/1/n', 1250)).toBe(0);
    expect(delays.nextMs('u/1/n', 1250)).toBe(500);
    expect(delays.nextMs('u/1/other', 1250)).toBe(0);
  });

  it('forgets what is gone and nothing else', () => {
    const delays = new FailedPodDelays();
    for (const key of ['u/1/n', 'u2/1/n']) delays.nextMs(key, 0);
    delays.forget('u');
    expect(delays.nextMs('u/1/n', 0)).toBe(0);
    expect(delays.nextMs('u/1/n', 0)).toBe(250);
    expect(delays.nextMs('u2/1/n', 0)).toBe(250);
  });
});
