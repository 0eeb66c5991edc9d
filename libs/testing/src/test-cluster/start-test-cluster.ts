import { startDevTestCluster } from './start-dev-test-cluster.js';
import { startKubeTestCluster } from './start-kube-test-cluster.js';
import type { TestCluster } from './test-cluster.js';

/**
 * A cluster API of this test's own: the dev cluster, or a real kube-apiserver where PENSTOCK_TEST_CLUSTER=kube, which
 * `npm run test:cluster` sets. Nodes are added by `addNode`; there are none at first.
 *
 * @throws Error naming the program that is missing and how to get it, or the server that did not start and its output
 */
export async function startTestCluster(): Promise<TestCluster> {
  const wanted = process.env['PENSTOCK_TEST_CLUSTER'] || 'dev';
  if (wanted === 'dev') return startDevTestCluster();
  if (wanted === 'kube') return startKubeTestCluster();
  throw new Error(`PENSTOCK_TEST_CLUSTER=${wanted}: use dev, kube, or unset it for dev`);
}
