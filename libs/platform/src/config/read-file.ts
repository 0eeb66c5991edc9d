import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { ConfigDefinition } from './config-definition.js';
import { suggestion } from './suggest.js';

export interface FileValues {
  readonly values: Map<string, unknown>;
  readonly problems: string[];
}

const MAX_BYTES = 1_048_576;

/** Reads a YAML (or JSON) file whose top-level keys are the camelCase configuration keys. */
export function readConfigFile(definition: ConfigDefinition, file: string): FileValues {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return { values, problems: [`configuration file ${file} cannot be read (${code})`] };
  }
  if (text.length > MAX_BYTES)
    return { values, problems: [`configuration file ${file} is larger than 1 MiB`] };
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: true, uniqueKeys: true });
  for (const error of document.errors) problems.push(`${file}: ${error.message.split('\n')[0]}`);
  if (problems.length > 0) return { values, problems };
  const content: unknown = document.toJS({ maxAliasCount: 10 });
  if (content === null || content === undefined) return { values, problems };
  if (typeof content !== 'object' || Array.isArray(content)) {
    return { values, problems: [`${file}: must be a map of configuration keys`] };
  }
  const known = Object.keys(definition.keys);
  for (const [key, value] of Object.entries(content)) {
    if (known.includes(key)) values.set(key, value);
    else problems.push(`${file}: unknown key "${key.slice(0, 60)}"${suggestion(key, known)}`);
  }
  return { values, problems };
}
