import { describe } from '@jest/globals';
import { startTestCluster } from '../../test-cluster/start-test-cluster.js';
import { describeClusterContract } from './describe-cluster-contract.js';

const server = process.env['PENSTOCK_TEST_CLUSTER'] === 'kube' ? 'kube-apiserver' : 'the dev cluster';

describe(`${server} keeps the cluster contract`, () => {
  describeClusterContract(startTestCluster);
});
