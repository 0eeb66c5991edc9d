import { WorkQueue, type WorkQueueOptions } from '@penstock/cluster';

/**
 * A work queue that takes keys a moment later, each once: a burst of changes (a thousand pods that become ready) leads
 * to few looks at the object that they belong to.
 */
export class GatheredQueue {
  private readonly queue: WorkQueue;
  private readonly gathered = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    options: WorkQueueOptions,
    private readonly gatherMs: number,
  ) {
    this.queue = new WorkQueue(options);
  }

  get size(): number {
    return this.queue.size + this.gathered.size;
  }

  add(key: string): void {
    this.gathered.add(key);
    this.timer ??= setTimeout(() => this.flush(), this.gatherMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
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
