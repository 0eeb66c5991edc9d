import type { ReplicaEvent } from '@penstock/core/kv';
import type { ChangeFeed } from './change-feed.js';

/** Events of one watcher that wait to be sent: bounded, and only of engines whose state it was given. */
export class WatchQueue {
  private events: ReplicaEvent[] = [];
  private weight = 0;
  private skippedCount = 0;
  private readonly begun = new Set<string>();
  private wake: (() => void) | undefined;
  private readonly unwatch: () => void;

  /** `maxWeight`: events that wait at most; with `keysWeigh` a key weighs as much as an event. */
  constructor(
    feed: ChangeFeed,
    private readonly maxWeight: number,
    private readonly keysWeigh: boolean,
  ) {
    this.unwatch = feed.watch((event) => this.add(event));
  }

  /** Events lost because too many waited. From the first on nothing more is taken. */
  get skipped(): number {
    return this.skippedCount;
  }

  /** The state of the engine is read now: what was said of it before is in there, what comes from now on goes on top. */
  begin(engineId: string): void {
    this.begun.add(engineId);
    this.events = this.events.filter((event) => engineOf(event) !== engineId);
    this.weight = this.events.reduce((sum, event) => sum + this.weightOf(event), 0);
  }

  /** Nothing more of this engine is wanted. */
  forget(engineId: string): void {
    this.begun.delete(engineId);
  }

  take(): ReplicaEvent | undefined {
    const event = this.events.shift();
    if (event) this.weight -= this.weightOf(event);
    return event;
  }

  /** Until there is an event, or the time is over, or the signal comes. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.events.length > 0 || this.skippedCount > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener('abort', done);
      this.wake = done;
    });
  }

  close(): void {
    this.unwatch();
  }

  private add(event: ReplicaEvent): void {
    if (!this.begun.has(engineOf(event))) return;
    if (this.skippedCount > 0 || this.weight + this.weightOf(event) > this.maxWeight) {
      this.skippedCount += 1 + this.events.length;
      this.events = [];
      this.weight = 0;
    } else {
      this.events.push(event);
      this.weight += this.weightOf(event);
    }
    this.wake?.();
  }

  private weightOf(event: ReplicaEvent): number {
    if (!this.keysWeigh || event.kind !== 'change') return 1;
    return event.delta.changes.reduce((sum, { stored, removed }) => sum + stored.length + removed.length, 1);
  }
}

function engineOf(event: ReplicaEvent): string {
  return event.kind === 'change' ? event.delta.engineId : event.engineId;
}
