import type { ReplicaEvent } from '@penstock/core/kv';
import type { ChangeFeed } from './change-feed.js';

/** Events of one watcher that wait to be sent: bounded, and only of engines whose state it was given. */
export class WatchQueue {
  private events: ReplicaEvent[] = [];
  /** Of `events`, how many were taken: to shift a long list at each would hold up everything else. */
  private taken = 0;
  private weight = 0;
  private skippedCount = 0;
  private readonly begun = new Set<string>();
  private wake: (() => void) | undefined;
  private readonly unwatch: () => void;

  /** `maxWeight`: events and keys in them that wait at most. */
  constructor(
    feed: ChangeFeed,
    private readonly maxWeight: number,
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
    this.events = this.events.slice(this.taken).filter((event) => engineOf(event) !== engineId);
    this.taken = 0;
    this.weight = this.events.reduce((sum, event) => sum + weightOf(event), 0);
  }

  /** Nothing more of this engine is wanted. */
  forget(engineId: string): void {
    this.begun.delete(engineId);
  }

  take(): ReplicaEvent | undefined {
    const event = this.events[this.taken];
    if (!event) return undefined;
    this.weight -= weightOf(event);
    this.taken++;
    if (this.taken === this.events.length) this.empty();
    return event;
  }

  /** Until there is an event, or the time is over, or the signal comes. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.waiting > 0 || this.skippedCount > 0 || signal.aborted) return;
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
    if (this.skippedCount > 0 || this.weight + weightOf(event) > this.maxWeight) {
      this.skippedCount += 1 + this.waiting;
      this.empty();
    } else {
      this.events.push(event);
      this.weight += weightOf(event);
    }
    this.wake?.();
  }

  private get waiting(): number {
    return this.events.length - this.taken;
  }

  private empty(): void {
    this.events = [];
    this.taken = 0;
    this.weight = 0;
  }
}

/** Keys wait with their event, whether the caller is told of them or only of their number. */
function weightOf(event: ReplicaEvent): number {
  if (event.kind !== 'change') return 1;
  return event.delta.changes.reduce((sum, { stored, removed }) => sum + stored.length + removed.length, 1);
}

function engineOf(event: ReplicaEvent): string {
  return event.kind === 'change' ? event.delta.engineId : event.engineId;
}
