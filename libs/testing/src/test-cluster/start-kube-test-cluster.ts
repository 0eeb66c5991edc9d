import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../tools/find-tool.js';
import { addNode } from './add-node.js';
import { ClusterHttp } from './cluster-http.js';
import { KubeServers } from './kube/kube-servers.js';
import type { TestCluster } from './test-cluster.js';

/** A real kube-apiserver with what gives its objects life: etcd, kube-controller-manager, kube-scheduler and kwok. */
export async function startKubeTestCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-kube-'));
  const servers = new KubeServers(folder);
  const stop = async (): Promise<void> => {
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await servers.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const { url, kubeconfig, kubeconfigPath, auditLogPath } = servers;
  const http = new ClusterHttp(kubeconfig);
  return {
    flavor: 'kube',
    url,
    kubeconfig,
    kubeconfigPath,
    auditLogPath,
    tools: { kubectl: findTool('kubectl') },
    addNode: (node) => addNode(http, node),
    killApi: () => servers.killApi(),
    startApi: () => servers.startApi(),
    compact: () => servers.compact(),
    stop: async () => {
      await http.close();
      await stop();
    },
  };
}
