export * from './block-hash/index.js';
export * from './kv-events/index.js';
