/** Counters and gauges of one engine, with the meaning that vLLM's metrics of the same name have. */
export interface EngineGauges {
  readonly waiting: number;
  readonly running: number;
  /** Share of the KV blocks in use, 0–1. Free blocks with content count as free. */
  readonly kvUsage: number;
  /** Tokens looked up in the prefix cache at admission, preempted requests not counted again. */
  readonly prefixCacheQueryTokens: number;
  readonly prefixCacheHitTokens: number;
  readonly preemptions: number;
  /** Of the tokens that the GPU did not have, asked of the secondary cache at admission and loaded from it. */
  readonly externalQueryTokens: number;
  readonly externalHitTokens: number;
  /** Loads started, and admissions at which storage had blocks that were quicker to compute. */
  readonly loads: number;
  readonly loadsRefused: number;
}
