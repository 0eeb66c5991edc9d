export * from './provision/index.js';
export * from './servers/index.js';
