import type { Clock } from '@penstock/core/ports';

let latestMs = 0;

/** The machine's time in milliseconds since the epoch, held back while it goes backwards. */
export const systemClock: Clock = {
  nowMs() {
    latestMs = Math.max(latestMs, Date.now());
    return latestMs;
  },
};
