import { WorkQueue, type WorkQueueOptions } from '@penstock/cluster';

/** A timer that is longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A work queue that takes keys a moment later, each once: a burst of changes (a thousand pods that become ready) leads
 * to few looks at the object that they belong to.
 */
export class GatheredQueue {
  private readonly queue: WorkQueue;
  private readonly gathered = new Set<string>();
  private readonly later = new Map<string, NodeJS.Timeout>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    options: WorkQueueOptions,
    private readonly gatherMs: number,
  ) {
    this.queue = new WorkQueue(options);
  }

  /** Keys that wait or are worked on; those of `addLater` are not due yet and do not count. */
  get size(): number {
    return this.queue.size + this.gathered.size;
  }

  add(key: string): void {
    this.gathered.add(key);
    this.timer ??= setTimeout(() => this.flush(), this.gatherMs);
  }

  /** Looks at the key after a delay; a later call for the same key replaces an earlier one. */
  addLater(key: string, delayMs: number): void {
    clearTimeout(this.later.get(key));
    const due = () => {
      this.later.delete(key);
      this.add(key);
    };
    this.later.set(key, setTimeout(due, Math.min(delayMs, LONGEST_TIMER_MS)));
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    for (const timer of this.later.values()) clearTimeout(timer);
    this.later.clear();
    this.gathered.clear();
    await this.queue.stop();
  }

  private flush(): void {
    this.timer = undefined;
    const keys = [...this.gathered];
    this.gathered.clear();
    for (const key of keys) this.queue.add(key);
  }
}
