/** `nvidia-smi` total memory of one device, in bytes. */
export const GPU_MEMORY_BYTES: Readonly<Record<string, number>> = {
  a100: 81_920 * 2 ** 20,
  h100: 81_559 * 2 ** 20,
  h200: 143_771 * 2 ** 20,
  b200: 183_359 * 2 ** 20,
};

/** vLLM's `--gpu-memory-utilization` default. */
const MEMORY_UTILISATION = 0.9;

/**
 * Activations, CUDA graphs and communication buffers per GPU. This is what the one measured pool leaves over:
 * Qwen3-32B bf16 on 2×H100 has 307,328 tokens, so (2 × 85.5 GB × 0.9 − 65.5 GB − 307,328 × 262,144 B) ÷ 2.
 */
const OVERHEAD_BYTES_PER_GPU = 3.9e9;

/** vLLM's default block size; pools are whole blocks. */
const BLOCK_TOKENS = 16;

/**
 * Tokens that fit in the KV cache of one engine:
 * (GPU memory × 0.9 − overhead) × tp − weights, divided by the KV bytes of one token, in whole blocks.
 * Returns 0 when the weights leave no room.
 */
export function kvPoolTokens(input: {
  gpu: string;
  tp: number;
  weightBytes: number;
  kvBytesPerToken: number;
}): number {
  const memory = GPU_MEMORY_BYTES[input.gpu];
  if (memory === undefined) {
    throw new Error(
      `kvPoolTokens: no memory size for GPU "${input.gpu}"; known: ${Object.keys(GPU_MEMORY_BYTES).join(', ')}`,
    );
  }
  const bytes = (memory * MEMORY_UTILISATION - OVERHEAD_BYTES_PER_GPU) * input.tp - input.weightBytes;
  return Math.max(0, Math.floor(bytes / input.kvBytesPerToken / BLOCK_TOKENS)) * BLOCK_TOKENS;
}
