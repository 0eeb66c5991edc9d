export interface BenchOptions {
  /** `tiny` proves in seconds that it works; `default` ends in under 60 s; `full` may take longer. */
  readonly size: 'tiny' | 'default' | 'full';
  /** Path of the trace to use; without one the project's seeded generator is used. */
  readonly trace?: string;
  readonly seed: number;
  /** Progress for people, on standard error. */
  readonly progress: (message: string) => void;
}

export interface BenchBar {
  readonly name: string;
  readonly value: number | null;
  /** For people, e.g. `>= 1.75`. */
  readonly limit: string;
  /** `not run` when the input that the bar is about was not given. */
  readonly holds: boolean | 'not run';
  /** True when the figure does not depend on the machine's speed, so that CI may check it. */
  readonly portable: boolean;
}

export interface BenchResult {
  readonly bench: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly rows: ReadonlyArray<Readonly<Record<string, string | number | boolean | null>>>;
  readonly bars: readonly BenchBar[];
  readonly notes?: readonly string[];
}

/** One benchmark: `npm run bench -- <name>`. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(options: BenchOptions): Promise<BenchResult>;
}
