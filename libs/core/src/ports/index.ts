export * from './block-store.js';
export * from './clock.js';
export * from './cluster.js';
export * from './event-bus.js';
export * from './object-store.js';
