export type { KvEventMessage } from './kv-event-message.js';
export * from './kv-event-publisher.js';
export * from './kv-event-subscriber.js';
export * from './kv-event-subscriber-options.js';
export * from './rank-endpoint.js';
export * from './replay-error.js';
export * from './request-replay.js';
