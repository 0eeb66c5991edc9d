import type { EngineProfile } from './engine-profile.js';
import { kvPoolTokens } from './kv-pool-tokens.js';

/**
 * Step-time coefficients fitted to NVIDIA aiconfigurator's measured vLLM kernel tables (GEMM, attention,
 * all-reduce; Apache-2.0; vLLM 0.24.0, for A100 0.14.0). Mean fit error mostly 3 % or less, B200 FP8 up to 10 %.
 * Columns: gpu, model, dtype, tp, decode base ms, ms per sequence, ms per thousand context tokens,
 * prefill base ms, ms per thousand tokens, ms per thousand tokens squared.
 */
type Row = readonly [string, string, string, number, number, number, number, number, number, number];
const ROWS: readonly Row[] = [
  ['a100', 'Llama-3.1-8B', 'bf16', 1, 11.25, 0.0265, 0.0827, 5.7, 54.33, 1.593],
  ['a100', 'Qwen3-32B', 'bf16', 2, 24.93, 0.0857, 0.0828, 20.1, 128.33, 3.112],
  ['a100', 'Llama-3.1-70B', 'bf16', 4, 28.01, 0.1329, 0.0531, 29, 165.32, 1.91],
  ['a100', 'Llama-3.1-70B', 'bf16', 8, 17.71, 0.1003, 0.0254, 32.4, 112.28, 0.708],
  ['h100', 'Llama-3.1-8B', 'bf16', 1, 6.47, 0.0103, 0.0429, 1.6, 19.27, 0.5],
  ['h100', 'Llama-3.1-8B', 'fp8', 1, 4.36, 0.0092, 0.0422, 1.2, 14.69, 0.378],
  ['h100', 'Qwen3-32B', 'bf16', 1, 25.07, 0.0348, 0.087, 2, 87.62, 1.899],
  ['h100', 'Qwen3-32B', 'bf16', 2, 13.86, 0.0329, 0.0436, 3.2, 54.96, 0.765],
  ['h100', 'Qwen3-32B', 'fp8', 1, 14.96, 0.0362, 0.0851, 6.3, 57.57, 1.985],
  ['h100', 'Llama-3.1-70B', 'bf16', 4, 15.51, 0.0455, 0.0271, 6.1, 72.39, 0.536],
  ['h100', 'Llama-3.1-70B', 'bf16', 8, 10.29, 0.0351, 0.0141, 7.2, 49.64, 0.112],
  ['h100', 'Llama-3.1-70B', 'fp8', 2, 17.01, 0.0469, 0.0514, 6.1, 84.46, 0.403],
  ['h100', 'Llama-3.1-70B', 'fp8', 4, 10.87, 0.0492, 0.0268, 7.2, 59.72, 0.238],
  ['h200', 'Llama-3.1-8B', 'bf16', 1, 5.04, 0.0106, 0.0303, 0.6, 20.04, 0.468],
  ['h200', 'Llama-3.1-8B', 'fp8', 1, 3.66, 0.0104, 0.0303, 1.7, 12.08, 0.418],
  ['h200', 'Qwen3-32B', 'bf16', 1, 19.2, 0.0347, 0.0622, 0, 87.72, 1.71],
  ['h200', 'Qwen3-32B', 'bf16', 2, 11.12, 0.031, 0.0296, 2.8, 53.46, 0.873],
  ['h200', 'Qwen3-32B', 'fp8', 1, 11.97, 0.0356, 0.0626, 6.5, 49.53, 1.853],
  ['h200', 'Llama-3.1-70B', 'bf16', 4, 12.61, 0.0449, 0.0181, 5.3, 70.18, 0.89],
  ['h200', 'Llama-3.1-70B', 'bf16', 8, 8.51, 0.0359, 0.0101, 6.4, 47.14, 0.288],
  ['h200', 'Llama-3.1-70B', 'fp8', 2, 13.87, 0.0483, 0.0369, 6.1, 74.92, 0.907],
  ['h200', 'Llama-3.1-70B', 'fp8', 4, 9.49, 0.048, 0.0196, 6.8, 54.86, 0.421],
  ['b200', 'Llama-3.1-8B', 'bf16', 1, 3.5, 0.0041, 0.0181, 1.4, 9.61, 0.24],
  ['b200', 'Llama-3.1-8B', 'fp8', 1, 3.38, 0.0019, 0.0175, 2.1, 7.34, 0.232],
  ['b200', 'Qwen3-32B', 'bf16', 1, 12.59, 0.0122, 0.0371, 0, 44.4, 0.802],
  ['b200', 'Qwen3-32B', 'bf16', 2, 8.14, 0.0251, 0.0184, 6.2, 26.58, 0.453],
  ['b200', 'Qwen3-32B', 'fp8', 1, 9.13, 0.0166, 0.0362, 6.4, 27.34, 0.961],
  ['b200', 'Llama-3.1-70B', 'bf16', 4, 9.43, 0.0317, 0.0133, 8.7, 35.66, 0.471],
  ['b200', 'Llama-3.1-70B', 'bf16', 8, 7.6, 0.02, 0.008, 5.8, 29.2, 0],
  ['b200', 'Llama-3.1-70B', 'fp8', 2, 12.43, 0.0405, 0.021, 12.5, 36.92, 1.047],
  ['b200', 'Llama-3.1-70B', 'fp8', 4, 10.07, 0.0241, 0.0097, 10.9, 30.14, 0.356],
];

/** Parameters and bf16 KV bytes per token (2 × layers × KV heads × head size × 2 bytes). FP8 rows keep a bf16 cache. */
const MODELS: Readonly<Record<string, { parameters: number; kvBytesPerToken: number }>> = {
  'Llama-3.1-8B': { parameters: 8.03e9, kvBytesPerToken: 131_072 },
  'Qwen3-32B': { parameters: 32.76e9, kvBytesPerToken: 262_144 },
  'Llama-3.1-70B': { parameters: 70.55e9, kvBytesPerToken: 327_680 },
};

const BYTES_PER_PARAMETER: Readonly<Record<string, number>> = { bf16: 2, fp8: 1 };

/** Published by llm-d for a pod with two H100 (73 % capacity benchmark); the others are derived. */
const MEASURED_POOL_TOKENS: Readonly<Record<string, number>> = { 'h100/Qwen3-32B/bf16/2': 307_328 };

function profileOf(row: Row): EngineProfile {
  const [gpu, model, dtype, tp, a, b, c, p0, p1, p2] = row;
  const { parameters, kvBytesPerToken } = MODELS[model]!;
  const measured = MEASURED_POOL_TOKENS[`${gpu}/${model}/${dtype}/${tp}`];
  return {
    gpu,
    model,
    dtype,
    tp,
    decodeBaseMs: a,
    decodePerSequenceMs: b,
    decodePerContextKTokenMs: c,
    prefillBaseMs: p0,
    prefillPerKTokenMs: p1,
    prefillPerKTokenSquaredMs: p2,
    kvBytesPerToken,
    kvPoolTokens:
      measured ??
      kvPoolTokens({ gpu, tp, weightBytes: parameters * BYTES_PER_PARAMETER[dtype]!, kvBytesPerToken }),
    kvPoolSource: measured === undefined ? 'derived' : 'measured',
  };
}

/** Every engine configuration that the model is calibrated for. */
export const ENGINE_PROFILES: readonly EngineProfile[] = ROWS.map(profileOf);
