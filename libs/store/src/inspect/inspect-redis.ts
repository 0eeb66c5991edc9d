import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type RedisBlockStoreOptions, redisOptions, sentinelOptions } from '../redis/redis-options.js';
import { RedisBlockStore } from '../redis-block-store.js';

/** What a Redis or Valkey says of itself. */
export interface RedisReport {
  /** `redis` or `valkey`. */
  readonly server: string;
  readonly version: string;
  /** `standalone`, `cluster` or `sentinel`. */
  readonly mode: string;
  /** `master` or `slave`. */
  readonly role: string;
}

/**
 * Asks the first of `urls`, or the master that Sentinels name, who it is, and has the block store write and read back a record that lives for ten seconds,
 * scripts included. Throws one sentence when either fails within `timeoutMs`.
 */
export async function inspectRedis(options: RedisBlockStoreOptions, timeoutMs: number): Promise<RedisReport> {
  const report = await describe(options, timeoutMs);
  const store = RedisBlockStore.connect(options);
  const deadline = performance.now() + timeoutMs;
  try {
    for (;;) {
      try {
        await store.probe();
        return report;
      } catch (error) {
        // The store connects in the background.
        if (performance.now() > deadline || !/is not connected/.test((error as Error).message)) throw error;
        await sleep(25);
      }
    }
  } finally {
    await store.close();
  }
}

async function describe(options: RedisBlockStoreOptions, timeoutMs: number): Promise<RedisReport> {
  const once = {
    connectTimeout: timeoutMs,
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
  };
  const client =
    options.sentinel === undefined
      ? new Redis(options.urls[0] as string, { ...redisOptions(options), ...once })
      : new Redis({ ...sentinelOptions(options), ...once });
  let refusal = '';
  client.on('error', (error: Error) => {
    refusal = error.message || String((error as AggregateError).errors?.[0]?.message ?? error);
  });
  try {
    await client.connect();
    const info = `${await client.info('server')}\n${await client.info('replication')}`;
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
    const valkey = field('valkey_version');
    return {
      server: valkey === undefined ? 'redis' : 'valkey',
      version: valkey ?? field('redis_version') ?? 'unknown',
      mode: field('redis_mode') ?? field('server_mode') ?? 'unknown',
      role: field('role') ?? 'unknown',
    };
  } catch (error) {
    const where = options.urls.map((url) => URL.parse(url)?.host ?? 'an invalid URL').join(', ');
    throw new Error(
      `Redis at ${where} is not reachable (${refusal || (error as Error).message}); check that it runs there and that its address and password are right`,
    );
  } finally {
    client.disconnect();
  }
}
