/** How a stand-in process is started in place of a container image. */
export interface ImageCommand {
  /** Program and leading arguments; the container's `args` follow. */
  readonly command: readonly string[];
  /**
   * What becomes of a container's own `command`. `ignore` (default): it belongs to the image that is stood in for.
   * `append`: it follows the program, before the `args`, as for `{ command: ['env'], ownCommand: 'append' }`, which runs
   * whatever the container names; no `--host` is added then.
   */
  readonly ownCommand?: 'ignore' | 'append';
}

export interface DevClusterOptions {
  /** Objects, process records, logs and the nodes' host paths. A temporary folder, removed on `stop()`, when absent. */
  readonly dataDir?: string;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Pods get addresses from here; must lie within 127.0.0.0/8. Default 127.20.0.0/16. */
  readonly podCidr?: string;
  /** Simulated nodes. Default 2. */
  readonly nodes?: number;
  /** `nvidia.com/gpu` of each node. Default 8. */
  readonly gpusPerNode?: number;
  /** Product named in the nodes' `nvidia.com/gpu.product` label. Default NVIDIA-H100-80GB-HBM3. */
  readonly gpuProduct?: string;
  /** Images the kubelet can run, by name with or without tag; any other image fails with ErrImageNeverPull. */
  readonly images?: Readonly<Record<string, ImageCommand>>;
  /** Where to write a kubeconfig (mode 0600). */
  readonly kubeconfigPath?: string;
  /** Waits for the disk on every write. Off: survives a killed process, not a power failure. */
  readonly fsync?: boolean;
  /** How many changes a resuming watch can look back on before it gets 410 Gone. Default 5000. */
  readonly watchHistory?: number;
}
