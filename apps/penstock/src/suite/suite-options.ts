/** What `npm start` may be told. */
export interface SuiteOptions {
  /** Simulated engines to start; the autoscaler never goes below. */
  readonly engines: number;
  /** Model they serve; decides their speed together with the GPU. */
  readonly model: string;
  readonly gpu: string;
  /** Virtual time ÷ wall time of the engines. */
  readonly speed: number;
  /** Capacities of every node's tiers as kv-node is told them (`128Mi`); absent = those of deploy/examples/laptop.yaml. */
  readonly tierCapacity?: { readonly cpu: string; readonly ssd: string };
}

export const DEFAULT_SUITE: SuiteOptions = { engines: 8, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: 1 };

/** How far the autoscaler may go: half as many engines again, at least one more. */
export const maxEngines = ({ engines }: Pick<SuiteOptions, 'engines'>): number =>
  engines + Math.ceil(engines / 2);

export const NAMESPACE = 'penstock';
export const POOL = 'laptop';
/** Selects the engines' pods, as the pool does. */
export const ENGINE_SELECTOR = 'app=engine';
