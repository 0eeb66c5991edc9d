import { arch, platform } from 'node:os';
import type { ClusterState } from '../api/cluster-state.js';
import { createObject } from '../api/create-object.js';
import { setCondition } from '../api/set-condition.js';
import { KUBERNETES_VERSION } from '../http/discovery.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { timestamp } from '../object/timestamp.js';
import type { KubeletConfig } from './kubelet-config.js';

/** Marks the nodes whose pods this kubelet runs. */
export const SIMULATED_LABEL = 'penstock.dev/simulated-node';

/** A machine of eight large GPUs; CPU and memory are ample, as nothing here measures their use. */
const CAPACITY = { cpu: '192', memory: '2Ti', pods: '110' };

/** Makes the nodes the configuration asks for exist, and removes simulated nodes beyond that that run nothing. */
export function ensureNodes(state: ClusterState, config: KubeletConfig): void {
  const wanted = Array.from({ length: config.nodes }, (_, i) => `node-${i + 1}`);
  for (const name of wanted) ensureNode(state, config, name);
  const inUse = new Set(state.store.list('pods').map((pod) => pod.spec?.['nodeName']));
  for (const node of state.store.list('nodes').filter(isSimulatedNode)) {
    const { name } = node.metadata;
    if (!wanted.includes(name) && !inUse.has(name)) state.store.remove('nodes', node);
  }
}

export function isSimulatedNode({ metadata }: ApiObject): boolean {
  return metadata.labels?.[SIMULATED_LABEL] === 'true';
}

function ensureNode(state: ClusterState, { gpusPerNode, gpuProduct }: KubeletConfig, name: string): void {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': platform(),
    'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
    'nvidia.com/gpu.present': String(gpusPerNode > 0),
    'nvidia.com/gpu.count': String(gpusPerNode),
    'nvidia.com/gpu.product': gpuProduct,
    [SIMULATED_LABEL]: 'true',
  };
  const node =
    state.store.get('nodes', undefined, name) ??
    createObject(
      state,
      state.registry.stored('nodes'),
      { metadata: { name }, spec: {} },
      { manager: 'kubelet' },
    );
  const next: ApiObject = {
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, ...labels } },
    status: nodeStatus(node, name, gpusPerNode),
  };
  if (!sameJson(next, node)) state.store.put('nodes', next);
}

function nodeStatus(node: ApiObject, name: string, gpus: number): JsonObject {
  const amounts = { ...CAPACITY, ...(gpus > 0 ? { 'nvidia.com/gpu': String(gpus) } : {}) };
  const status: JsonObject = {
    ...node.status,
    capacity: amounts,
    allocatable: amounts,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: {
      kubeletVersion: KUBERNETES_VERSION.gitVersion,
      containerRuntimeVersion: 'penstock://processes',
      operatingSystem: platform(),
      architecture: arch() === 'x64' ? 'amd64' : arch(),
    },
  };
  return setCondition(status, {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the simulated kubelet is running',
    lastTransitionTime: timestamp(),
  });
}
