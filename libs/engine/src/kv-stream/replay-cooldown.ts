import { ReplayError } from './replay-error.js';

const FIRST_MS = 1_000;
const FACTOR = 4;
const MAX_MS = 30_000;

/**
 * A publisher serves replays between its live messages, so one that fails to is not asked again at once: for 1 s after
 * the first failure, four times as long after each further one, 30 s at most.
 */
export class ReplayCooldown {
  private failures = 0;
  private until = Number.NEGATIVE_INFINITY;

  /** `nowMs` of a clock that never goes back. */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** @throws ReplayError while it lasts */
  check(endpoint: string): void {
    const leftMs = Math.ceil(this.until - this.nowMs());
    if (leftMs > 0) {
      throw new ReplayError(
        'cooling-down',
        `${endpoint} is not asked for a replay for ${leftMs} ms, as ${this.failures} in a row failed`,
      );
    }
  }

  failed(): void {
    this.until = this.nowMs() + Math.min(MAX_MS, FIRST_MS * FACTOR ** this.failures++);
  }

  /** A replay succeeded, or the publisher was reached anew. */
  lift(): void {
    this.failures = 0;
    this.until = Number.NEGATIVE_INFINITY;
  }
}
