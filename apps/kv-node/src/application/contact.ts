import type { Clock } from '@penstock/core/ports';

/**
 * Whether kv-offload is there: it asked something lately. That it follows the inventory is not enough, as the connection of
 * one that hangs, or whose machine lost its power, stays open.
 */
export class Contact {
  private lastMs: number;
  private open = 0;

  constructor(
    private readonly clock: Clock,
    private readonly aloneAfterMs: number,
  ) {
    this.lastMs = clock.nowMs();
  }

  /** Something was asked. */
  note(): void {
    this.lastMs = this.clock.nowMs();
  }

  /** Asked how it goes: a sign of life of those who follow, and no more than curiosity of others. */
  ping(): void {
    if (this.open > 0) this.note();
  }

  /** Someone follows the inventory from now on. @returns to be called when that ends */
  follow(): () => void {
    this.open++;
    this.note();
    return () => {
      this.open--;
      this.note();
    };
  }

  get watchers(): number {
    return this.open;
  }

  get alone(): boolean {
    return this.clock.nowMs() - this.lastMs >= this.aloneAfterMs;
  }
}
