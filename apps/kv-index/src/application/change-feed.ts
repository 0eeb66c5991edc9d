import type { KvDelta } from '@penstock/core/kv';

/** What happened to the blocks of one engine in this replica's index. */
export type FeedEvent =
  /** `delta` was applied to what the index held of the engine. */
  | { readonly kind: 'change'; readonly delta: KvDelta }
  /** What the index holds of the engine is another state: read it anew. */
  | { readonly kind: 'reset'; readonly engineId: string };

/** Tells watchers what is applied to the index; costs nothing while there is none. */
export class ChangeFeed {
  private readonly listeners = new Set<(event: FeedEvent) => void>();

  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  publish(event: FeedEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Calls back with every event until the returned function is called. */
  watch(listener: (event: FeedEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
