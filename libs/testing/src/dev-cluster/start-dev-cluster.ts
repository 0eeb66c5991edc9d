import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterState } from './api/cluster-state.js';
import { ensureSystemObjects } from './api/ensure-system-objects.js';
import { startResourceClaimController } from './controllers/claims/resource-claim-controller.js';
import type { Controller } from './controllers/controller.js';
import { startDefinitionController } from './controllers/definition-controller.js';
import { startDisruptionController } from './controllers/disruption-controller.js';
import { startEventExpiry } from './controllers/event-expiry.js';
import { startGarbageCollector } from './controllers/garbage-collector.js';
import { startNamespaceController } from './controllers/namespace-controller.js';
import { startPodGarbageCollector } from './controllers/pod-garbage-collector.js';
import { startPodScheduler } from './controllers/scheduling/pod-scheduler.js';
import { startTaintEviction } from './controllers/scheduling/taint-eviction.js';
import { startDaemonSetController } from './controllers/workloads/daemon-set-controller.js';
import { startDeploymentController } from './controllers/workloads/deployment-controller.js';
import { startReplicaSetController } from './controllers/workloads/replica-set-controller.js';
import type { DevClusterOptions } from './dev-cluster-options.js';
import { type ApiServer, startApiServer } from './http/api-server.js';
import { requestHandler } from './http/request-handler.js';
import { kubeconfigFor, writeKubeconfig } from './kubeconfig.js';
import { hostMemoryFolder } from './kubelet/host-memory-folder.js';
import { Kubelet } from './kubelet/kubelet.js';
import type { KubeletConfig } from './kubelet/kubelet-config.js';
import { startVirtualKubelet } from './kubelet/virtual-kubelet.js';
import { BUILTIN_RESOURCES } from './registry/builtin-resources.js';
import { Registry } from './registry/registry.js';
import { lockDataDir } from './storage/data-dir-lock.js';
import { Journal } from './storage/journal.js';
import { ObjectStore } from './storage/object-store.js';

export interface DevCluster {
  /** Base URL of the API, e.g. `http://127.0.0.1:6443`. */
  readonly url: string;
  /** A kubeconfig as YAML text, for `KubeConfig.loadFromString`. */
  readonly kubeconfig: string;
  readonly dataDir: string;
  /** Makes every watch that resumes from before now get 410 Gone, as after a compaction of etcd. */
  compact(): void;
  /** Stops the processes of all pods, then the API. Objects stay in the data directory. */
  stop(): Promise<void>;
}

/**
 * A Kubernetes API with a simulated kubelet, in this process.
 *
 * @throws Error saying what is taken, in use or not usable, and how to fix it
 */
export async function startDevCluster(options: DevClusterOptions = {}): Promise<DevCluster> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'penstock-dev-cluster-'));
  const unlock = lockDataDir(dataDir);
  let cluster: RunningCluster;
  try {
    cluster = await runCluster(options, dataDir);
  } catch (error) {
    unlock();
    throw error;
  }
  const { server, store, stop } = cluster;
  const kubeconfig = kubeconfigFor(server.url);
  if (options.kubeconfigPath) writeKubeconfig(options.kubeconfigPath, kubeconfig);
  return {
    url: server.url,
    kubeconfig,
    dataDir,
    compact: () => store.compactHistory(),
    stop: async () => {
      await stop();
      unlock();
      if (options.dataDir) return;
      for (const folder of [hostMemoryFolder(dataDir), dataDir])
        if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface RunningCluster {
  readonly server: ApiServer;
  readonly store: ObjectStore;
  readonly stop: () => Promise<void>;
}

async function runCluster(options: DevClusterOptions, dataDir: string): Promise<RunningCluster> {
  const journal = new Journal(join(dataDir, 'objects'), { fsync: options.fsync });
  const store = new ObjectStore(journal, { historyLimit: options.watchHistory });
  const state: ClusterState = { store, registry: new Registry(BUILTIN_RESOURCES) };
  const kubelet = new Kubelet(state, kubeletConfig(options, dataDir));
  const controllers: Controller[] = [startDefinitionController(state)];
  ensureSystemObjects(state);
  // Listening comes first: what fails here must not have started any process.
  const server = await startApiServer(
    requestHandler(state, kubelet),
    options.host ?? '127.0.0.1',
    options.port ?? 0,
  );
  kubelet.start();
  controllers.push(
    startNamespaceController(state),
    startGarbageCollector(state),
    startPodScheduler(state),
    startEventExpiry(state),
    startVirtualKubelet(state),
    startReplicaSetController(state),
    startDeploymentController(state),
    startDaemonSetController(state),
    startResourceClaimController(state),
    startDisruptionController(state),
    startTaintEviction(state),
    startPodGarbageCollector(state),
  );
  const stop = async (): Promise<void> => {
    for (const controller of controllers) controller.stop();
    await kubelet.stop();
    await server.stop();
    journal.close();
  };
  return { server, store, stop };
}

function kubeletConfig(options: DevClusterOptions, dataDir: string): KubeletConfig {
  return {
    dataDir,
    podCidr: options.podCidr ?? '127.20.0.0/16',
    nodes: options.nodes ?? 2,
    gpusPerNode: options.gpusPerNode ?? 8,
    gpuProduct: options.gpuProduct ?? 'NVIDIA-H100-80GB-HBM3',
    images: options.images ?? {},
  };
}
