import type { Clock } from '@penstock/core/ports';

/** Time that moves only when a test says so. */
export class FakeClock implements Clock {
  constructor(private currentMs = 1_700_000_000_000) {}

  nowMs(): number {
    return this.currentMs;
  }

  /** Moves time forward; going back is an error, as a clock never does. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new Error(`a clock cannot go back: advance(${ms})`);
    this.currentMs += ms;
  }
}
