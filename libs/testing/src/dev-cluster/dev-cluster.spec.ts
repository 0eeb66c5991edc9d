import { describe } from '@jest/globals';
import { describeClusterContract } from './contract/describe-cluster-contract.js';
import { startDevCluster } from './start-dev-cluster.js';

describe('the dev cluster keeps the cluster contract', () => {
  describeClusterContract(() => startDevCluster({ nodes: 0 }));
});
