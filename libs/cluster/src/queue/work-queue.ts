import { ClusterError } from '@penstock/core/ports';
import { Backoff, type BackoffOptions } from '../backoff.js';

export interface WorkQueueOptions {
  /** Brings the world of one key to the wanted state. Return a delay to look at the key again later. */
  readonly reconcile: (key: string) => Promise<{ readonly againInMs: number } | undefined>;
  /** Called with every failure; the key is retried in any case. */
  readonly onError?: (key: string, error: unknown, retryInMs: number) => void;
  /** Keys worked on at the same time. */
  readonly concurrency?: number;
  readonly backoff?: BackoffOptions;
}

interface Key {
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
  queued: boolean;
  running: boolean;
  /** Added while it ran: runs once more. */
  dirty: boolean;
}

/**
 * Level-triggered work: a key that is added many times before it runs, runs once; one that is added while
 * it runs, runs once more; never twice at the same time. Failures back off per key and honour Retry-After.
 */
export class WorkQueue {
  readonly #keys = new Map<string, Key>();
  readonly #ready: string[] = [];
  readonly #options: Required<Omit<WorkQueueOptions, 'onError'>> & Pick<WorkQueueOptions, 'onError'>;
  #running = 0;
  #stopped = false;
  #idle: Array<() => void> = [];

  constructor(options: WorkQueueOptions) {
    this.#options = { concurrency: 1, backoff: { initialMs: 100, maxMs: 60_000 }, ...options };
  }

  /** Keys that wait, run or back off. */
  get size(): number {
    return this.#keys.size;
  }

  /** Runs the key as soon as possible, also when it was backing off. */
  add(key: string): void {
    if (this.#stopped) return;
    const state = this.#state(key);
    clearTimeout(state.timer);
    state.timer = undefined;
    if (state.running) state.dirty = true;
    else this.#enqueue(key, state);
  }

  /** Runs the key after a delay, unless something adds it earlier. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const state = this.#state(key);
    if (state.queued || state.dirty) return;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => this.add(key), delayMs);
  }

  /** Takes nothing new and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const state of this.#keys.values()) clearTimeout(state.timer);
    this.#ready.length = 0;
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #state(key: string): Key {
    let state = this.#keys.get(key);
    if (state === undefined) {
      const backoff = new Backoff(this.#options.backoff);
      state = { backoff, timer: undefined, queued: false, running: false, dirty: false };
      this.#keys.set(key, state);
    }
    return state;
  }

  #enqueue(key: string, state: Key): void {
    if (!state.queued) {
      state.queued = true;
      this.#ready.push(key);
    }
    this.#pump();
  }

  #pump(): void {
    while (!this.#stopped && this.#running < this.#options.concurrency) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      void this.#work(key, this.#state(key));
    }
  }

  async #work(key: string, state: Key): Promise<void> {
    state.queued = false;
    state.running = true;
    this.#running++;
    let againInMs: number | undefined;
    try {
      againInMs = (await this.#options.reconcile(key))?.againInMs;
      state.backoff.reset();
    } catch (error) {
      againInMs = state.backoff.nextMs(error instanceof ClusterError ? error.retryAfterMs : 0);
      this.#options.onError?.(key, error, againInMs);
    }
    state.running = false;
    this.#running--;
    if (this.#stopped) {
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    if (state.dirty) {
      state.dirty = false;
      // What changed meanwhile may be what made it fail, but a failing key must not spin.
      if (againInMs === undefined) this.#enqueue(key, state);
      else this.addAfter(key, againInMs);
    } else if (againInMs !== undefined) {
      this.addAfter(key, againInMs);
    } else if (state.timer === undefined) {
      this.#keys.delete(key);
    }
    this.#pump();
  }
}
