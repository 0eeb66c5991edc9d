/** Silence is looked into again after twice the time each time, up to this many times the first. */
const LONGEST = 16;

/**
 * Says when an engine that fell silent is to be asked whether anything of it was missed: when the last message before a
 * silence is lost, no later one shows the hole.
 */
export class SilenceCheck {
  private waitMs: number;
  private sinceMs = 0;

  /** @param firstMs silence after which it is looked into first */
  constructor(private readonly firstMs: number) {
    this.waitMs = firstMs;
  }

  /** Something was heard. @param nowMs of a clock that never goes back */
  heard(nowMs: number): void {
    this.sinceMs = nowMs;
    this.waitMs = this.firstMs;
  }

  /** Whether it is time to ask; then the next time is further away. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.sinceMs < this.waitMs) return false;
    this.sinceMs = nowMs;
    this.waitMs = Math.min(2 * this.waitMs, LONGEST * this.firstMs);
    return true;
  }
}
