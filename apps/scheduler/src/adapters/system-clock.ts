import type { Clock } from '@penstock/core/ports';

/** The machine's time that never goes backwards within the process. */
export const systemClock: Clock = { nowMs: () => performance.timeOrigin + performance.now() };
