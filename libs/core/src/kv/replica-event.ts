import type { KvDelta } from './types.js';

/** What happened to the blocks of one engine in a replica's index. */
export type ReplicaEvent =
  /** `delta` was applied to what the index held of the engine. */
  | { readonly kind: 'change'; readonly delta: KvDelta }
  /** What the index holds of the engine is another state: read it anew. */
  | { readonly kind: 'reset'; readonly engineId: string };

/** Who is told of them. */
export interface ReplicaListener {
  /** Nothing is told while it is false. */
  readonly isWatched: boolean;
  publish(event: ReplicaEvent): void;
}
