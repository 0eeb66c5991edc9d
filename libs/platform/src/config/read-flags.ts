import { parseArgs } from 'node:util';
import { coerce } from './coerce.js';
import type { ConfigDefinition } from './config-definition.js';
import { flagOf } from './key-names.js';
import { suggestion } from './suggest.js';

export interface FlagValues {
  readonly values: Map<string, unknown>;
  readonly help: boolean;
  readonly printConfig: boolean;
  readonly file: string | undefined;
  readonly problems: string[];
}

/** Reads command-line flags. Unknown flags, missing values and stray words are collected, not thrown. */
export function readFlags(definition: ConfigDefinition, argv: readonly string[]): FlagValues {
  const problems: string[] = [];
  const values = new Map<string, unknown>();
  const keyOf = new Map(Object.keys(definition.keys).map((key) => [flagOf(key).slice(2), key]));
  const isBoolean = (key: string | undefined) =>
    key !== undefined && definition.keys[key]?.type === 'boolean';
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      'print-config': { type: 'boolean' },
      config: { type: 'string' },
      ...Object.fromEntries(
        [...keyOf].map(([flag, key]) => [flag, { type: isBoolean(key) ? 'boolean' : 'string' } as const]),
      ),
    },
  });
  let help = false;
  let printConfig = false;
  let file: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument "${token.value.slice(0, 60)}"`);
    if (token.kind !== 'option') continue;
    const negated = token.name.startsWith('no-') && isBoolean(keyOf.get(token.name.slice(3)));
    const name = negated ? token.name.slice(3) : token.name;
    const key = keyOf.get(name);
    if (name === 'help' || name === 'h') help = true;
    else if (name === 'print-config') printConfig = true;
    else if (name === 'config' && token.value) file = token.value;
    else if (key === undefined) {
      const known = [...keyOf.keys(), 'config', 'help', 'print-config'].map((k) => `--${k}`);
      problems.push(`unknown flag ${token.rawName}${suggestion(token.rawName, known)}`);
    } else if (isBoolean(key)) {
      values.set(
        key,
        negated ? false : token.value === undefined ? true : coerce(token.value, { type: 'boolean' }),
      );
    } else if (token.value === undefined || token.value === '') {
      if (token.inlineValue) values.set(key, coerce('', definition.keys[key] ?? {}));
      else problems.push(`${token.rawName} needs a value, as in ${token.rawName}=VALUE`);
    } else {
      const next = coerce(token.value, definition.keys[key] ?? {});
      const before = values.get(key);
      values.set(key, Array.isArray(next) && Array.isArray(before) ? [...before, ...next] : next);
    }
  }
  return { values, help, printConfig, file, problems };
}
