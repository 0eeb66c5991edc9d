export * from './provision/index.js';
export * from './servers/index.js';
export * from './fakes/index.js';
export * from './dev-cluster/index.js';
