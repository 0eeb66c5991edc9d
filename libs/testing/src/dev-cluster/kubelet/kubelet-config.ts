import type { ImageCommand } from '../dev-cluster-options.js';

/** What the simulated kubelet is told, with every default filled in. */
export interface KubeletConfig {
  /** Folder for records of running processes (`pods/`), logs (`logs/`), volumes (`volumes/`) and host paths (`hosts/`). */
  readonly dataDir: string;
  readonly podCidr: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly gpuProduct: string;
  readonly images: Readonly<Record<string, ImageCommand>>;
}
