import { afterAll, beforeAll, describe } from '@jest/globals';
import { startDevTestCluster } from '../../test-cluster/start-dev-test-cluster.js';
import { startKubeTestCluster } from '../../test-cluster/start-kube-test-cluster.js';
import type { TestCluster } from '../../test-cluster/test-cluster.js';
import { describeApplying } from './kubectl/describe-applying.js';
import { describeChanging } from './kubectl/describe-changing.js';
import { describeCreating } from './kubectl/describe-creating.js';
import { describeCustomResources } from './kubectl/describe-custom-resources.js';
import { describeDeleting } from './kubectl/describe-deleting.js';
import { describeNodes } from './kubectl/describe-nodes.js';
import { describeReading } from './kubectl/describe-reading.js';
import { Kubectl } from './kubectl/kubectl.js';

const SERVERS: [string, () => Promise<TestCluster>][] = [
  ['the dev cluster', startDevTestCluster],
  ['a kube-apiserver', startKubeTestCluster],
];

describe.each(SERVERS)('kubectl with %s', (_name, startCluster) => {
  let kubectl: Kubectl;
  const get = (): Kubectl => kubectl;
  beforeAll(async () => {
    const cluster = await startCluster();
    const program = cluster.tools.kubectl;
    if (!program) {
      await cluster.stop();
      throw new Error('there is no kubectl; build it with npm run tools');
    }
    kubectl = new Kubectl(program, cluster);
    await kubectl.start();
  });
  afterAll(async () => {
    kubectl?.stop();
    await kubectl?.cluster.stop();
  });

  describe('reads', () => describeReading(get));
  describe('creates', () => describeCreating(get));
  describe('changes', () => describeChanging(get));
  describe('applies', () => describeApplying(get));
  describe('deletes', () => describeDeleting(get));
  describe('handles custom resources', () => describeCustomResources(get));
  describe('handles nodes', () => describeNodes(get));
});
