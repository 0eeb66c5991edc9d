export * from './block-hasher.js';
export * from './encode-block.js';
export * from './extra-keys.js';
export * from './hash-low64.js';
export * from './none-hash.js';
export * from './sglang-hasher.js';
