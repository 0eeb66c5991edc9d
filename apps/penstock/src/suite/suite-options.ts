/** What `npm start` may be told. */
export interface SuiteOptions {
  /** Simulated engines to start. */
  readonly engines: number;
  /** Model they serve; decides their speed together with the GPU. */
  readonly model: string;
  readonly gpu: string;
  /** Virtual time ÷ wall time of the engines. */
  readonly speed: number;
}

export const DEFAULT_SUITE: SuiteOptions = { engines: 8, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: 1 };

export const NAMESPACE = 'penstock';
export const POOL = 'laptop';
/** Label that the pool selects its engines by. */
export const ENGINE_LABEL = { app: 'engine' } as const;
