import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { StoreLog } from '../store-log.js';

export interface RedisTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface RedisBlockStoreOptions {
  /**
   * `redis://[user[:password]@]host:port[/db]` or `rediss://`; in cluster mode of any of its nodes, with `sentinel` of the
   * Sentinels. User, password, TLS and database of the first one hold for every server and Sentinel.
   */
  readonly urls: readonly string[];
  /** The server is a Redis or Valkey cluster. Default false. */
  readonly cluster?: boolean;
  /** Name under which Sentinels watch the server; absent: no Sentinels. */
  readonly sentinel?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: RedisTls;
  /** A call without an answer for this long fails. Default 1,000 ms. */
  readonly commandTimeoutMs?: number;
  /** Engines that nobody writes for this long are forgotten. Default 24 h. */
  readonly ttlMs?: number;
  /** A log is folded into its snapshot above this size and above 45 % of the snapshot's. Default 16 KiB. */
  readonly foldAboveBytes?: number;
  /** Writes that wait for the server may take this much memory; more fail at once. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  readonly log?: StoreLog;
}

const LONGEST_RETRY_MS = 2000;
/** A master that is replaced without a MOVED from it is noticed within this time. */
const SLOTS_REFRESH_MS = 5000;
const SENTINEL_PORT = 26379;

/** Settings of one connection: reconnects for ever, fails at once while it is away, never waits for long. */
export function redisOptions(options: RedisBlockStoreOptions): RedisOptions {
  const { username, password, tls } = options;
  const commandTimeout = options.commandTimeoutMs ?? 1000;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout,
    // A connection that answers nothing is given up, as a pause of the server may outlive it.
    socketTimeout: commandTimeout * 3,
    connectTimeout: 2000,
    disconnectTimeout: 100,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_RETRY_MS),
    // After a failover the old address may be a replica's, or a Service may lead elsewhere. Redis 6 wraps what scripts hit.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  };
}

/** Settings of a cluster's client; every node gets what the first URL says. */
export function clusterOptions(options: RedisBlockStoreOptions): ClusterOptions {
  const settings = redisOptions(options);
  return {
    redisOptions: { ...partsOf(options.urls[0]), ...settings },
    enableOfflineQueue: false,
    clusterRetryStrategy: settings.retryStrategy as (attempt: number) => number,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
  };
}

/**
 * Settings of a client that asks Sentinels for the master whenever its connection ends, which they see to at a failover.
 * ioredis can also listen to them, but ends for good when they speak while it connects.
 */
export function sentinelOptions(options: RedisBlockStoreOptions): RedisOptions {
  const settings = { ...partsOf(options.urls[0]), ...redisOptions(options) };
  const { username, password, tls, retryStrategy } = settings;
  return {
    ...settings,
    name: options.sentinel as string,
    sentinels: options.urls.map((url) => {
      const { hostname, port } = new URL(url);
      return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? SENTINEL_PORT : Number(port) };
    }),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelRetryStrategy: retryStrategy as (attempt: number) => number,
  };
}

function partsOf(url: string | undefined): RedisOptions {
  const { protocol, username, password, pathname } = new URL(url ?? '');
  const database = Number(pathname.slice(1));
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    ...(database > 0 ? { db: database } : {}),
  };
}

function tlsOptions({ caFile, certFile, keyFile }: RedisTls): ConnectionOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}
