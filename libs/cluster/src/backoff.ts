import { ExponentialBackoff, halfJitterGenerator, type IBackoff } from 'cockatiel';

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Exponential delays with jitter in [d/2, d): never zero, so that a dead API server is never hammered. */
export class Backoff {
  readonly #factory: ExponentialBackoff<number>;
  #current: IBackoff<unknown> | undefined;

  constructor(options: BackoffOptions) {
    this.#factory = new ExponentialBackoff<number>({
      initialDelay: options.initialMs,
      maxDelay: options.maxMs,
      generator: halfJitterGenerator,
    });
  }

  /** Delay before the next attempt; at least what the server asked for. */
  nextMs(retryAfterMs = 0): number {
    this.#current = this.#current === undefined ? this.#factory.next() : this.#current.next(undefined);
    return Math.max(this.#current.duration, retryAfterMs);
  }

  reset(): void {
    this.#current = undefined;
  }
}
