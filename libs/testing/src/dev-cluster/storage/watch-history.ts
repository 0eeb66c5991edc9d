import type { StoreEvent } from './event.js';

/** The last changes, so that a watch can resume where it stopped. */
export class WatchHistory {
  private events: StoreEvent[] = [];
  private compactedTo: number;

  /** @param compactedTo revision up to which changes are unknown */
  constructor(
    compactedTo: number,
    private readonly limit: number,
  ) {
    this.compactedTo = compactedTo;
  }

  push(event: StoreEvent): void {
    this.events.push(event);
    // Cut in halves: dropping one by one would move the array on every change.
    if (this.events.length > this.limit * 2) this.compact(this.limit);
  }

  /** Forgets all but the last `keep` changes. */
  compact(keep: number): void {
    const dropped = this.events.splice(0, Math.max(0, this.events.length - keep));
    this.compactedTo = dropped.at(-1)?.revision ?? this.compactedTo;
  }

  /** Changes after `revision`, oldest first; undefined when some of them are no longer known. */
  since(revision: number): StoreEvent[] | undefined {
    if (revision < this.compactedTo) return undefined;
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle] as StoreEvent).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.events.slice(low);
  }
}
