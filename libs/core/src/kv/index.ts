export * from './engine-events.js';
export * from './types.js';
