import type { OutputFormat } from '../output/output-option.js';
import type { SuiteOptions } from '../suite/suite-options.js';

/** What `penstock replay` may be told. */
export interface ReplayFlags extends SuiteOptions {
  trace?: string;
  requests?: number;
  seed: number;
  policy?: string;
  compare?: string;
  text?: boolean;
  ramp?: boolean;
  output: OutputFormat;
}

/** Requests of the generator when nobody says how many. */
export const GENERATED_REQUESTS = 500;
