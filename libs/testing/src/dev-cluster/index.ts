export type { DevClusterOptions, ImageCommand } from './dev-cluster-options.js';
export { hostMemoryFolder } from './kubelet/host-memory-folder.js';
export { leftoverPodProcesses } from './kubelet/leftover-processes.js';
export { type DevCluster, startDevCluster } from './start-dev-cluster.js';
