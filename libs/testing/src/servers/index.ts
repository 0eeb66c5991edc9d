export type { ManagedServer } from './managed-server.js';
export {
  type NatsCommandOptions,
  natsCommand,
  type RedisCommandOptions,
  redisCommand,
  type ServerCommand,
} from './server-command.js';
export { type StartNatsOptions, startNats } from './start-nats.js';
export { freePort, type StartRedisOptions, startRedis } from './start-redis.js';
export { type StartSentinelOptions, startSentinel } from './start-sentinel.js';
