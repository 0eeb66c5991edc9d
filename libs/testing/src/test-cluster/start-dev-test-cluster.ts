import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevCluster } from '../dev-cluster/start-dev-cluster.js';
import { findTool } from '../tools/find-tool.js';
import { addNode } from './add-node.js';
import { ClusterHttp } from './cluster-http.js';
import type { TestCluster } from './test-cluster.js';

/** A dev cluster without nodes, in this process. */
export async function startDevTestCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-test-cluster-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  const start = (port?: number) =>
    startDevCluster({ nodes: 0, dataDir: join(folder, 'data'), kubeconfigPath, port });
  let cluster = await start();
  const { url, kubeconfig } = cluster;
  const http = new ClusterHttp(kubeconfig);
  let isUp = true;
  const killApi = async (): Promise<void> => {
    if (isUp) await cluster.stop();
    isUp = false;
  };
  return {
    flavor: 'dev',
    url,
    kubeconfig,
    kubeconfigPath,
    tools: { kubectl: findTool('kubectl') },
    addNode: (node) => addNode(http, node),
    killApi,
    startApi: async () => {
      if (isUp) return;
      cluster = await start(Number(new URL(url).port));
      isUp = true;
    },
    compact: async () => cluster.compact(),
    stop: async () => {
      await http.close();
      await killApi();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
