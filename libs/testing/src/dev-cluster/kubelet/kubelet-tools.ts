import type { ClusterState } from '../api/cluster-state.js';
import type { ContainerLogs } from './container-logs.js';
import type { ContainerRecords } from './container-record.js';
import type { KubeletConfig } from './kubelet-config.js';
import type { PodAddresses } from './pod-addresses.js';
import type { PodVolumes } from './pod-volumes.js';

/** What the workers of all pods share. */
export interface KubeletTools {
  readonly state: ClusterState;
  readonly config: KubeletConfig;
  readonly records: ContainerRecords;
  readonly logs: ContainerLogs;
  readonly addresses: PodAddresses;
  readonly volumes: PodVolumes;
}
