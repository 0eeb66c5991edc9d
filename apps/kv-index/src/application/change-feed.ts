import type { ReplicaEvent, ReplicaListener } from '@penstock/core/kv';

/** Tells watchers what is applied to the index; costs nothing while there is none. */
export class ChangeFeed implements ReplicaListener {
  private readonly listeners = new Set<(event: ReplicaEvent) => void>();

  /** @param onWatched called when the first watcher comes and when the last one leaves */
  constructor(private readonly onWatched: (isWatched: boolean) => void = () => undefined) {}

  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  publish(event: ReplicaEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Calls back with every event until the returned function is called. */
  watch(listener: (event: ReplicaEvent) => void): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.onWatched(true);
    return () => {
      if (this.listeners.delete(listener) && this.listeners.size === 0) this.onWatched(false);
    };
  }
}
