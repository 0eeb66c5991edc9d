import type { Clock } from '@penstock/core/ports';

/** Whether kv-offload is there: it follows the inventory, or asked something lately. */
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

  /** Someone follows the inventory from now on. @returns to be called when that ends */
  follow(): () => void {
    this.open++;
    return () => {
      this.open--;
      this.note();
    };
  }

  get watchers(): number {
    return this.open;
  }

  get alone(): boolean {
    return this.open === 0 && this.clock.nowMs() - this.lastMs >= this.aloneAfterMs;
  }
}
