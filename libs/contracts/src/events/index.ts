export * from './capacity.js';
export * from './engine.js';
export * from './kv.js';
export * from './packed.js';
export * from './routing.js';
export * from './table.js';
export * from './tier.js';
export * from './unpack-kv.js';
