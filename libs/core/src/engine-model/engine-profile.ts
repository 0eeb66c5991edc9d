/** Coefficients of one (GPU, model, dtype, tensor-parallel size). Times in ms, `k` = thousand tokens. */
export interface EngineProfile {
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  /** Tensor-parallel size: GPUs per engine. */
  readonly tp: number;
  /** Fixed cost of a step that decodes at least one sequence. */
  readonly decodeBaseMs: number;
  readonly decodePerSequenceMs: number;
  /** Per thousand tokens of context attended by all decoding sequences together. */
  readonly decodePerContextKTokenMs: number;
  /** Fixed cost of a step that only prefills. */
  readonly prefillBaseMs: number;
  readonly prefillPerKTokenMs: number;
  /** Attention inside a prefill chunk: per thousand tokens squared. */
  readonly prefillPerKTokenSquaredMs: number;
  readonly kvBytesPerToken: number;
  /** KV-cache pool of one engine, in tokens. */
  readonly kvPoolTokens: number;
  /** `measured`: published by llm-d; `derived`: see `kvPoolTokens()`. */
  readonly kvPoolSource: 'measured' | 'derived';
}
