const FIRST_MS = 250;
const LONGEST_MS = 60_000;

/** Ever longer waits of what keeps failing, by key: a quarter of a second, twice as long each time, up to a minute. */
export class RetryDelays<K> {
  private readonly failures = new Map<K, number>();

  /** The wait before another attempt, now that one has failed. */
  nextMs(key: K): number {
    const failures = this.failures.get(key) ?? 0;
    this.failures.set(key, failures + 1);
    return Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  }

  succeeded(key: K): void {
    this.failures.delete(key);
  }
}
