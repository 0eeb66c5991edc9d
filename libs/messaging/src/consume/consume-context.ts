import type { EventHandler } from '@penstock/core/ports';
import type { BusCounters } from '../bus-counters.js';
import type { BusLog } from '../bus-log.js';
import type { LinkKeeper } from '../connection/link-keeper.js';

/** What consumers and followers share. */
export interface ConsumeContext {
  readonly keeper: LinkKeeper;
  readonly log: BusLog;
  readonly counters: BusCounters;
  /** A delivery without an answer for this long is delivered again. */
  readonly ackWaitMs: number;
  /** A durable handler that takes longer counts as failed. */
  readonly handlerTimeoutMs: number;
  /** Delay before the second delivery; four times as long before each following one. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

export type AnyHandler = EventHandler<unknown>;
