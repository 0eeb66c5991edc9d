export { inspectRedis, type RedisReport } from './inspect/inspect-redis.js';
export { areRedisUrls } from './redis/are-redis-urls.js';
export type { RedisBlockStoreOptions, RedisTls } from './redis/redis-options.js';
export { RedisBlockStore } from './redis-block-store.js';
export type { S3Options } from './s3/s3-options.js';
export { S3ObjectStore } from './s3-object-store.js';
export type { StoreCounters } from './store-counters.js';
export type { StoreLog } from './store-log.js';
