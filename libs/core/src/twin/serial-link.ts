import type { TierLink } from '../tiering/index.js';

/** A link that carries one transfer after the other. Latencies overlap: the next one asks while the last one arrives. */
export class SerialLink {
  private freeMs = 0;

  constructor(private readonly link: TierLink) {}

  /** Queues a transfer at `nowMs`; returns when it has arrived. */
  send(nowMs: number, bytes: number): number {
    const startMs = Math.max(this.freeMs, nowMs + this.link.latencyMs);
    this.freeMs = startMs + (bytes / this.link.bytesPerSecond) * 1000;
    return this.freeMs;
  }

  /** How long a transfer that is queued now waits for those before it. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.freeMs - nowMs);
  }
}
