/** A request as the engine model needs it. Content ids are non-negative safe integers chosen by the driver. */
export interface EngineRequest {
  readonly id: string | number;
  /** At least 1. */
  readonly promptTokens: number;
  /** Tokens to generate, exactly; at least 1. */
  readonly outputTokens: number;
  /** Content ids of the prompt's full blocks: floor(promptTokens ÷ blockSize) of them. */
  readonly promptBlocks: ArrayLike<number>;
  /**
   * Content id of the i-th full block after `promptBlocks` (from 0). Asked once, when the step that computes the
   * block's last token is scheduled; all its tokens have been reported by then.
   */
  outputBlock(index: number): number;
}
