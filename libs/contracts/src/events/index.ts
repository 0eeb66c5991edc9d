export * from '../kv-wire/index.js';
export * from './capacity.js';
export * from './engine.js';
export * from './kv.js';
export * from './routing.js';
export * from './table.js';
export * from './tier.js';
