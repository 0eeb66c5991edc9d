const FIRST_MS = 50;
const LONGEST_MS = 5_000;
/** One that lived this long was no failure to start. */
const HEALTHY_MS = 60_000;

/** How long to wait before a thing that ends by itself is started again: twice as long each time it ended soon. */
export class RestartDelay {
  private startedMs = 0;
  private delayMs = FIRST_MS;

  started(nowMs: number): void {
    this.startedMs = nowMs;
  }

  /** It ended: milliseconds to wait. */
  next(nowMs: number): number {
    if (nowMs - this.startedMs >= HEALTHY_MS) this.delayMs = FIRST_MS;
    const { delayMs } = this;
    this.delayMs = Math.min(LONGEST_MS, 2 * delayMs);
    return delayMs;
  }
}
