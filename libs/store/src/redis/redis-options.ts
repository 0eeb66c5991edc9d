import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { StoreLog } from '../store-log.js';

export interface RedisTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface RedisBlockStoreOptions {
  /** `redis://[user[:password]@]host:port[/db]` or `rediss://`; in cluster mode of any of its nodes. */
  readonly urls: readonly string[];
  /** The server is a Redis or Valkey cluster. Default false. */
  readonly cluster?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: RedisTls;
  /** A call without an answer for this long fails. Default 1,000 ms. */
  readonly commandTimeoutMs?: number;
  /** Engines that nobody writes for this long are forgotten. Default 24 h. */
  readonly ttlMs?: number;
  /** A log is folded into its snapshot above this size, or above half of the snapshot's. Default 16 KiB. */
  readonly foldAboveBytes?: number;
  readonly log?: StoreLog;
}

const LONGEST_RETRY_MS = 2000;

/** Settings of one connection: reconnects for ever, fails at once while it is away, never waits for long. */
export function redisOptions(options: RedisBlockStoreOptions): RedisOptions {
  const { username, password, tls } = options;
  const commandTimeout = options.commandTimeoutMs ?? 1000;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout,
    // A connection that answers nothing is given up, as a pause of the server may outlive it.
    socketTimeout: commandTimeout * 3,
    connectTimeout: 2000,
    disconnectTimeout: 100,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_RETRY_MS),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function tlsOptions({ caFile, certFile, keyFile }: RedisTls): ConnectionOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}
