import type { ReplicaEvent, SharedIndexHandle } from '@penstock/core/kv';
import type { EngineContents } from './engine-contents.js';
import type { ReplicaHostOptions } from './replica-host.js';

/** How many updates of a type did what: type, outcome, number. */
export type OutcomeCount = readonly [type: string, outcome: string, count: number];

/** What came of orders. */
export interface ReplicaNews {
  readonly counts: readonly OutcomeCount[];
  /** Engines of this process whose own update did not apply: their snapshots are wanted. */
  readonly refused: readonly string[];
  /** Changes of the index, while it is watched. */
  readonly events: readonly ReplicaEvent[];
  /** Contents asked for by these requests, as they are after the events. */
  readonly contents: ReadonlyArray<readonly [request: number, contents: EngineContents]>;
}

/** What the worker says. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly handle: SharedIndexHandle }
  /** Everything up to the order of this number is done. */
  | ({ readonly type: 'done'; readonly order: number } & ReplicaNews);

/** Passes news on to whoever made the host. */
export function tellNews({ counts, refused, events }: ReplicaNews, options: ReplicaHostOptions): void {
  for (const event of events) options.onEvent?.(event);
  for (const [type, outcome, count] of counts) options.onUpdates?.(type, outcome, count);
  if (refused.length > 0) options.onOwnRefused?.(refused);
}
