/** Totals since the process started; every way an event can be lost has its own. */
export interface BusCounters {
  /** Handed to `publish`. */
  published: number;
  /** Stored by JetStream. */
  acked: number;
  /** Stored before under the same id, as JetStream said. */
  duplicates: number;
  /** Attempts to store that failed and were repeated. */
  failed: number;
  /** Lost because the buffer was full or the bus was closed. */
  dropped: number;
  /** Refused at `publish`: they break their contract or exceed the server's size limit. */
  invalid: number;
  /** Messages that arrived for consumers and followers. */
  received: number;
  /** Events that a handler took. */
  handled: number;
  /** Handlers that threw or took too long. */
  handlerErrors: number;
  /** Deliveries given back to be delivered again. */
  retried: number;
  /** Messages moved to the dead-letter stream. */
  deadLettered: number;
  /** Messages that were no event of ours (consumers dead-letter them, followers skip them). */
  rejected: number;
  /** Times a follower lost its place. */
  gaps: number;
  /** Connections made after the first. */
  reconnects: number;
}

export function newCounters(): BusCounters {
  return {
    published: 0,
    acked: 0,
    duplicates: 0,
    failed: 0,
    dropped: 0,
    invalid: 0,
    received: 0,
    handled: 0,
    handlerErrors: 0,
    retried: 0,
    deadLettered: 0,
    rejected: 0,
    gaps: 0,
    reconnects: 0,
  };
}
