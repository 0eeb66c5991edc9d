import { reportFault } from './report-fault.js';

/**
 * Works through keys one after another, each at most once per round, after the change that named it has reached
 * everyone. A key that fails is reported and waits for its next change.
 */
export class ReconcileQueue<K> {
  private readonly keys = new Set<K>();
  private readonly timers = new Map<K, NodeJS.Timeout>();
  private scheduled = false;
  private stopped = false;

  constructor(
    private readonly part: string,
    private readonly reconcile: (key: K) => void,
  ) {}

  add(key: K): void {
    if (this.stopped) return;
    this.keys.add(key);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.run());
  }

  /** Looks at a key when some time has passed; a later call for it takes the place of an earlier one. */
  addAfter(key: K, delayMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timers.get(key));
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.add(key);
    }, delayMs);
    timer.unref();
    this.timers.set(key, timer);
  }

  stop(): void {
    this.stopped = true;
    this.keys.clear();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private run(): void {
    this.scheduled = false;
    const round = [...this.keys];
    this.keys.clear();
    for (const key of round) {
      if (this.stopped) return;
      try {
        this.reconcile(key);
      } catch (error) {
        reportFault(this.part, String(key), error);
      }
    }
  }
}
