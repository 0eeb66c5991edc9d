export { type Landmark, markOf } from './batch-order.js';
export * from './block-keys.js';
export * from './engine-cache.js';
export * from './engine-cache-counters.js';
export * from './engine-events.js';
export * from './kv-replica.js';
export * from './prefix-index.js';
export type { KvSnapshotPart } from './snapshot-assembly.js';
export * from './types.js';
