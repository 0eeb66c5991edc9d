import type { Clock } from '@penstock/core/ports';

const BUSY_MS = 2_000;
const FAILED_MS = 30_000;

/** Chunks whose last move failed, which are left alone for a while. */
export class Sparing {
  private readonly untilMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  spare(path: string, problem: string): void {
    const ms = problem === 'busy' || problem === 'full' ? BUSY_MS : FAILED_MS;
    this.untilMs.set(path, this.clock.nowMs() + ms);
  }

  has(path: string): boolean {
    return (this.untilMs.get(path) ?? 0) > this.clock.nowMs();
  }

  sweep(): void {
    for (const path of this.untilMs.keys()) if (!this.has(path)) this.untilMs.delete(path);
  }
}
