export { installDefinitions } from './install-definitions.js';
export { startTestCluster } from './start-test-cluster.js';
export type { TestCluster, TestNode } from './test-cluster.js';
