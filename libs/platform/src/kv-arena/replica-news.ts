import type { SharedIndexHandle } from '@penstock/core/kv';
import type { ReplicaHostOptions } from './replica-host.js';

/** How many updates of a type did what: type, outcome, number. */
export type OutcomeCount = readonly [type: string, outcome: string, count: number];

/** What came of orders. */
export interface ReplicaNews {
  readonly counts: readonly OutcomeCount[];
  /** Engines of this process whose own update did not apply: their snapshots are wanted. */
  readonly refused: readonly string[];
}

/** What the worker says. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly handle: SharedIndexHandle }
  /** Everything up to the order of this number is done. */
  | ({ readonly type: 'done'; readonly order: number } & ReplicaNews);

/** Passes news on to whoever made the host. */
export function tellNews({ counts, refused }: ReplicaNews, options: ReplicaHostOptions): void {
  for (const [type, outcome, count] of counts) options.onUpdates?.(type, outcome, count);
  if (refused.length > 0) options.onOwnRefused?.(refused);
}
