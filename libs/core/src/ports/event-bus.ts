/** What is published. The bus adds id (when absent), source, epoch, time and trace context. */
export interface OutgoingEvent<T = unknown> {
  /** Event type as in the contracts table, e.g. `kv.delta`. */
  readonly type: string;
  /** Where it happened: subject tokens, unencoded. The adapter encodes them. */
  readonly namespace: string;
  readonly pool: string;
  /** Optional last subject token: request id, engine id, … */
  readonly key?: string;
  readonly data: T;
  /** Same id = same fact: JetStream drops the second one inside its duplicate window. */
  readonly id?: string;
  /** W3C traceparent of the work that caused the event. */
  readonly traceparent?: string;
}

/** What a consumer receives. `data` was checked against the schema of (type, version). */
export interface IncomingEvent<T = unknown> {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly source: string;
  /** Identity of the publisher's life: changes when it restarts. */
  readonly epoch: string;
  readonly timeMs: number;
  readonly namespace: string;
  readonly pool: string;
  readonly key?: string;
  readonly traceparent?: string;
  readonly data: T;
  /** Delivery count, 1 for the first. */
  readonly deliveries: number;
}

export type EventHandler<T = unknown> = (event: IncomingEvent<T>) => void | Promise<void>;

export interface DurableOptions {
  /** Consumer name: replicas that share it share the work. */
  readonly durable: string;
  readonly types: readonly string[];
  readonly namespace?: string;
  readonly pool?: string;
  readonly maxDeliveries?: number;
}

export interface FollowOptions {
  readonly types: readonly string[];
  readonly namespace?: string;
  readonly pool?: string;
  /** `new`: from now on. `last-per-subject`: the last event of every subject first, then all new ones. */
  readonly from: 'new' | 'last-per-subject' | 'all';
  /** Called after the transport lost its place (reconnect, stream recreated): events may be missing. */
  readonly onGap?: () => void;
  /** An event of this type came and could not be read: what it says is missing. */
  readonly onUnreadable?: (type: string) => void;
  /** Events whose key, of this type, it refuses are passed over without being read, for those who want few of many. */
  readonly wantsKey?: (key: string | undefined, type: string) => boolean;
}

export interface Subscription {
  stop(): Promise<void>;
}

export interface EventBusStatus {
  readonly connected: boolean;
  readonly bufferedEvents: number;
  readonly droppedEvents: number;
  /** Why the bus is not ready, in one sentence; absent when it is. */
  readonly problem?: string;
}

/** Events between services. Publishing never waits and never throws: a full buffer drops and counts. */
export interface EventBus {
  publish<T>(event: OutgoingEvent<T>): void;
  /** Resolves when everything published so far is stored, or rejects after `timeoutMs`. */
  flush(timeoutMs?: number): Promise<void>;
  /** Durable, shared, at-least-once: a handler that throws is retried with backoff, then dead-lettered. */
  consume<T>(options: DurableOptions, handler: EventHandler<T>): Promise<Subscription>;
  /** Ordered and ephemeral: every replica sees every event. */
  follow<T>(options: FollowOptions, handler: EventHandler<T>): Promise<Subscription>;
  /** The newest stored event of a type with this key, in any namespace and pool. */
  lastByKey<T>(type: string, key: string): Promise<IncomingEvent<T> | undefined>;
  status(): EventBusStatus;
  /** Asks the broker and its store for a sign of life; throws with the reason when they give none. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
