/** A prompt as full KV blocks. Content ids are dense from 0, and each stands for the whole prefix up to it. */
export interface Prompt {
  readonly tokens: number;
  /** floor(tokens ÷ blockSize) content ids. */
  readonly blocks: Int32Array;
}

export interface Arrival {
  /** Since the start of the stage. */
  readonly atMs: number;
  readonly prompt: Prompt;
  /** Tokens to generate, exactly. */
  readonly outputTokens: number;
}

/** Arrivals that start together; the next stage starts when the last of them has completed. */
export interface Stage {
  readonly name: string;
  /** In order of arrival. */
  readonly arrivals: readonly Arrival[];
}

/** Input of the fleet twin. */
export interface Workload {
  readonly name: string;
  readonly blockSize: number;
  /** Content ids are below this. */
  readonly contentCount: number;
  readonly stages: readonly Stage[];
}
