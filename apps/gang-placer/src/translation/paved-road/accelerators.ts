import { GPU_MEMORY_BYTES } from '@penstock/core/engine-model';

/** Products of one kind of GPU, as the GPU feature discovery labels nodes, and the memory of the smallest. */
export interface Accelerator {
  readonly products: readonly string[];
  readonly memoryBytes: number | undefined;
}

const PRODUCTS: Readonly<Record<string, readonly string[]>> = {
  'nvidia-a100': ['NVIDIA-A100-SXM4-80GB', 'NVIDIA-A100-80GB-PCIe'],
  'nvidia-h100': ['NVIDIA-H100-80GB-HBM3', 'NVIDIA-H100-PCIe', 'NVIDIA-H100-NVL'],
  'nvidia-h200': ['NVIDIA-H200', 'NVIDIA-H200-NVL'],
  'nvidia-b200': ['NVIDIA-B200'],
};

/** Names that people write for accelerators. */
export const ACCELERATOR_NAMES: readonly string[] = Object.keys(PRODUCTS);

/**
 * The GPUs that `nvidia-h100`, `h100` or a product's own name (`NVIDIA-H100-NVL`) stands for; undefined when it is none
 * of these. The memory of a product that is not in the table is unknown.
 */
export function findAccelerator(name: string): Accelerator | undefined {
  const key = [name, `nvidia-${name}`].map((n) => n.toLowerCase()).find((n) => Object.hasOwn(PRODUCTS, n));
  if (key !== undefined) return { products: PRODUCTS[key] ?? [], memoryBytes: memoryOf(key) };
  if (!/^NVIDIA-[A-Za-z0-9_.-]*[A-Za-z0-9]$/.test(name)) return undefined;
  const family = Object.entries(PRODUCTS).find(([, products]) => products.includes(name))?.[0];
  return { products: [name], memoryBytes: family === undefined ? undefined : memoryOf(family) };
}

const memoryOf = (key: string): number | undefined => GPU_MEMORY_BYTES[key.replace('nvidia-', '')];
