export * from './block-hash/index.js';
