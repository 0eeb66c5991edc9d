import type { JetStreamClient, JetStreamManager, NatsConnection } from 'nats';
import type { AnyStreamName } from '../streams/stream-table.js';

/** A connection whose streams exist. It ends with the connection, or when a stream's content is lost. */
export interface Link {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly jetstream: JetStreamClient;
  /** Creation time of every stream that exists, as the server wrote it. */
  readonly created: ReadonlyMap<AnyStreamName, string>;
  /** Aborted when the link ends. */
  readonly signal: AbortSignal;
}
