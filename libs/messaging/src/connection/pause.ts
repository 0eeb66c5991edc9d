import { setTimeout as delay } from 'node:timers/promises';

/** Waits; returns early and without an error when `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {});
}

/** Doubling delays between `firstMs` and `longestMs`, with up to a quarter taken off at random. */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
  ) {
    this.nextMs = firstMs;
  }

  next(): number {
    const delayMs = this.nextMs * (1 - Math.random() / 4);
    this.nextMs = Math.min(this.nextMs * 2, this.longestMs);
    return delayMs;
  }

  reset(): void {
    this.nextMs = this.firstMs;
  }
}
