export * from './block-hash/index.js';
export * from './chunk-files/index.js';
export * from './engine-http/index.js';
export * from './kv-events/index.js';
export * from './kv-stream/index.js';
export * from './tokenizer/index.js';
