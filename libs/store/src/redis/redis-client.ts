import { Cluster, Redis } from 'ioredis';
import { SILENT_LOG } from '../store-log.js';
import { areRedisUrls } from './are-redis-urls.js';
import {
  clusterOptions,
  type RedisBlockStoreOptions,
  redisOptions,
  sentinelOptions,
} from './redis-options.js';

const AGAIN_MS = 1000;

export type RedisClient = Redis | Cluster;

/** A client that connects in the background, and what is known about its connection. */
export class RedisConnection {
  readonly client: RedisClient;
  private lastError = 'not connected yet';
  private isReady = false;
  private isClosing = false;

  constructor(private readonly options: RedisBlockStoreOptions) {
    const [first] = options.urls;
    if (first === undefined) throw new Error('no Redis server given: name at least one redis://host:port');
    if (!areRedisUrls(options.urls.join(',')))
      throw new Error(
        `not every one of ${this.where} is a redis:// or rediss:// URL with a host: correct it`,
      );
    if (options.cluster && options.sentinel !== undefined)
      throw new Error('Redis is either a cluster or watched by Sentinels, not both: give one of the two');
    if (options.cluster) this.client = new Cluster([...options.urls], clusterOptions(options));
    else if (options.sentinel !== undefined) this.client = new Redis(sentinelOptions(options));
    else this.client = new Redis(first, redisOptions(options));
    const log = options.log ?? SILENT_LOG;
    this.client.on('error', (error: Error) => {
      this.lastError = messageOf(error);
    });
    this.client.on('ready', () => {
      this.isReady = true;
      log.info({ server: this.where }, 'connected to Redis');
    });
    this.client.on('close', () => {
      if (this.isReady)
        log.warn({ server: this.where, error: this.lastError }, 'the connection to Redis was lost');
      this.isReady = false;
    });
    // It retries for ever by itself; should it end all the same, it begins again.
    this.client.on('end', () => {
      if (this.isClosing) return;
      setTimeout(() => {
        if (!this.isClosing) this.client.connect().catch(() => {});
      }, AGAIN_MS).unref();
    });
  }

  /** Host and port, without credentials. */
  get where(): string {
    return this.options.urls.map((url) => URL.parse(url)?.host ?? 'an invalid URL').join(', ');
  }

  /** Replication ids of the masters: a master that was restarted or promoted, and may lack the last writes, has another. */
  async replicationIds(): Promise<string[]> {
    const masters = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    const reports = await Promise.all(masters.map((master) => master.info('replication')));
    return reports.map((report) => /^master_replid:(\w+)/m.exec(report)?.[1] ?? 'unknown').sort();
  }

  /** An error that says which server, what happened, and what to do. */
  explain(error: unknown): Error {
    const message = messageOf(error);
    if (
      /enableOfflineQueue|Connection is closed|max retries|isn't writeable|Cluster redirections|Failed to refresh slots|sentinels are unreachable/i.test(
        message,
      )
    ) {
      return new Error(
        `Redis at ${this.where} is not connected (${this.lastError}); check that it runs there`,
        {
          cause: error,
        },
      );
    }
    if (/timed out/i.test(message)) {
      return new Error(`Redis at ${this.where} did not answer in time; it is overloaded or hangs`, {
        cause: error,
      });
    }
    return new Error(`Redis at ${this.where} refused: ${message}`, { cause: error });
  }

  async close(): Promise<void> {
    this.isReady = false;
    this.isClosing = true;
    if (this.client.status === 'ready') await this.client.quit().catch(() => {});
    this.client.disconnect();
  }
}

/** An AggregateError (all addresses of a host refused) has no message of its own. */
function messageOf(error: unknown): string {
  const { message, errors } = (error ?? {}) as Partial<AggregateError>;
  if (!message && Array.isArray(errors)) return errors.map(messageOf).join('; ');
  return typeof message === 'string' ? message : String(error);
}
