import { Option } from 'commander';

export type OutputFormat = 'text' | 'json';

/** `-o json`: one JSON document on standard output, everything else on standard error. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'text, or one JSON document').choices(['text', 'json']).default('text');
