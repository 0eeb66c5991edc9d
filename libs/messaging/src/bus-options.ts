import type { BusLog } from './bus-log.js';
import type { StreamOverrides } from './streams/stream-config.js';

/** How to prove who we are; files are read at every connection, so that rotated ones are picked up. */
export type NatsCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  | { readonly credsFile: string };

export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface NatsEventBusOptions {
  /** `nats://host:port` of one or more servers of one cluster, perhaps with `user:password@` or `token@` before the host. */
  readonly servers: readonly string[];
  /** Who publishes: `<service>/<instance>`, in `ce-source` and as the connection's name. */
  readonly source: string;
  /** Identity of this life of the publisher; random by default. */
  readonly epoch?: string;
  /** In place of those in the URLs. */
  readonly credentials?: NatsCredentials;
  readonly tls?: NatsTls;
  /** Sizes, ages and copies of the streams where they differ from the table. */
  readonly streams?: StreamOverrides;
  readonly log?: BusLog;
  /** Events kept while NATS is away or slow. Default 20,000. */
  readonly maxBufferedEvents?: number;
  /** Their size. Default 32 MiB. */
  readonly maxBufferedBytes?: number;
  /** Messages sent whose answer is outstanding. Default 512. */
  readonly maxInFlight?: number;
  /** An unanswered publication is repeated after this long. Default 5,000 ms. */
  readonly ackTimeoutMs?: number;
  /** A delivery that nobody answers comes again after this long. Default 30,000 ms. */
  readonly ackWaitMs?: number;
  /** A handler of `consume` that takes longer counts as failed. Default 60,000 ms. */
  readonly handlerTimeoutMs?: number;
  /** Delay before the second delivery to a handler that failed; then four times as long each. Default 250 ms. */
  readonly firstRetryMs?: number;
  /** Default 30,000 ms. */
  readonly longestRetryMs?: number;
  /** How often the streams are read back and compared with the table. Default 30,000 ms. */
  readonly verifyIntervalMs?: number;
  /** Clock for `ce-time`, milliseconds since the epoch. */
  readonly nowMs?: () => number;
}
