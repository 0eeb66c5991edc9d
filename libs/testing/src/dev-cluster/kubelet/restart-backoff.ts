/** Short, because on a laptop one wants to see the next attempt; Kubernetes starts at 10 s and ends at 5 min. */
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
/** A run this long counts as healthy: the next failure starts over. */
const HEALTHY_RUN_MS = 60_000;

/** Waits before restarts: none before the first, then 1, 2, 4 … 30 s. */
export class RestartBackoff {
  private failures = 0;

  /** @param ranMs how long the run that has just ended took */
  nextDelayMs(ranMs: number): number {
    if (ranMs >= HEALTHY_RUN_MS) this.failures = 0;
    this.failures += 1;
    return this.failures === 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 2));
  }
}
