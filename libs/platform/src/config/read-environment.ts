import { coerce } from './coerce.js';
import type { ConfigDefinition } from './config-definition.js';
import { envOf } from './key-names.js';
import { suggest } from './suggest.js';

export interface EnvironmentValues {
  readonly values: Map<string, unknown>;
  readonly file: string | undefined;
  readonly problems: string[];
}

/**
 * Reads `PENSTOCK_*` variables; an empty one counts as absent. Variables of other services share the prefix
 * (and Kubernetes adds its service links), so an unknown one is an error only when it is one or two letters
 * away from a key of this service.
 */
export function readEnvironment(
  definition: ConfigDefinition,
  env: Readonly<Record<string, string | undefined>>,
): EnvironmentValues {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  const keyOf = new Map(Object.keys(definition.keys).map((key) => [envOf(key), key]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('PENSTOCK_') || text === undefined || text === '') continue;
    const key = keyOf.get(name);
    if (key !== undefined) values.set(key, coerce(text, definition.keys[key] ?? {}));
    else if (name !== 'PENSTOCK_CONFIG') {
      const meant = suggest(name, [...keyOf.keys(), 'PENSTOCK_CONFIG'], 2);
      if (meant) problems.push(`unknown environment variable ${name}; did you mean ${meant}?`);
    }
  }
  return { values, file: env.PENSTOCK_CONFIG || undefined, problems };
}
