export * from './dev-cluster/index.js';
export * from './fakes/index.js';
export * from './process/index.js';
export * from './provision/index.js';
export * from './s3-server/index.js';
export * from './servers/index.js';
export * from './test-cluster/index.js';
export * from './tools/index.js';
