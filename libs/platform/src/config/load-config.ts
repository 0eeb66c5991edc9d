import type { z } from 'zod';
import type { ConfigDefinition, ConfigOf } from './config-definition.js';
import { ConfigError } from './config-error.js';
import { envOf, flagOf } from './key-names.js';
import { maskUrl } from './mask-config.js';
import { readEnvironment } from './read-environment.js';
import { readConfigFile } from './read-file.js';
import { readFlags } from './read-flags.js';

export interface LoadedConfig<C> {
  readonly config: C;
  /** Where each key's value came from: `flag`, `env`, a file name, or `default`. */
  readonly sources: Readonly<Record<string, string>>;
  readonly action: 'run' | 'help' | 'print-config';
}

const describeValue = (value: unknown, secret: boolean): string => {
  if (value === undefined) return '';
  if (secret) return ' (value hidden)';
  const text = maskUrl(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)));
  return ` (got "${text.length > 80 ? `${text.slice(0, 80)}…` : text}")`;
};

/**
 * Reads one configuration: flags win over the environment, that over the file, that over defaults.
 * Throws `ConfigError` with every problem found, each naming the flag, variable or file to change.
 */
export function loadConfig<D extends ConfigDefinition>(
  definition: D,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LoadedConfig<ConfigOf<D>> {
  const flags = readFlags(definition, argv);
  if (flags.help) return { config: {} as ConfigOf<D>, sources: {}, action: 'help' };
  const environment = readEnvironment(definition, env);
  const file = flags.file ?? environment.file;
  const fromFile = file ? readConfigFile(definition, file) : undefined;
  const problems = [...flags.problems, ...environment.problems, ...(fromFile?.problems ?? [])];

  const input: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const key of Object.keys(definition.keys)) {
    const source = flags.values.has(key)
      ? { name: 'flag', values: flags.values }
      : environment.values.has(key)
        ? { name: 'env', values: environment.values }
        : fromFile?.values.has(key)
          ? { name: file ?? '', values: fromFile.values }
          : undefined;
    sources[key] = source?.name ?? 'default';
    if (source) input[key] = source.values.get(key);
  }
  const parsed = definition.schema.safeParse(input);
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => describe(definition, input, sources, issue)));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(definition.service, problems);
  return {
    config: parsed.data as ConfigOf<D>,
    sources,
    action: flags.printConfig ? 'print-config' : 'run',
  };
}

function describe(
  definition: ConfigDefinition,
  input: Record<string, unknown>,
  sources: Record<string, string>,
  issue: z.core.$ZodIssue,
): string {
  const key = String(issue.path[0] ?? '');
  const source = sources[key];
  const place =
    source === 'flag'
      ? flagOf(key)
      : source === 'env'
        ? envOf(key)
        : source === 'default'
          ? flagOf(key)
          : `${source}: ${key}`;
  const inner = issue.path.length > 1 ? ` at ${issue.path.slice(1).join('.')}` : '';
  if (input[key] === undefined)
    return `${flagOf(key)} is required (or ${envOf(key)}, or ${key} in --config FILE)`;
  return `${place}${inner}: ${issue.message}${describeValue(input[key], definition.keys[key]?.secret === true)}`;
}
