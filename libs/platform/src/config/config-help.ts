import type { ConfigDefinition, KeySchema } from './config-definition.js';
import { envOf, flagOf } from './key-names.js';

const typeOf = (key: KeySchema): string => {
  if (key.enum) return key.enum.join('|');
  const type = typeof key.type === 'string' ? key.type : (key.type ?? ['value']).join('|');
  return { array: 'a,b,…', object: 'JSON', string: 'text' }[type] ?? type;
};

const defaultOf = (key: KeySchema): string => {
  if (key.default === undefined) return '';
  return Array.isArray(key.default) ? key.default.join(',') || 'none' : String(key.default) || 'empty';
};

const OWN_FLAGS: ReadonlyArray<readonly [string, string]> = [
  ['--config FILE', 'YAML file with these keys in camelCase (PENSTOCK_CONFIG)'],
  ['--print-config', 'Print the effective configuration with secrets hidden, and exit'],
  ['--help', 'Print this text and exit'],
];

/** The `--help` text of a service: every flag, its variable, what it means, its unit and default. */
export function configHelp(definition: ConfigDefinition): string {
  const lines = [
    `${definition.service}: ${definition.summary}`,
    '',
    'Settings (flag > environment > --config file > default):',
  ];
  for (const [name, key] of Object.entries(definition.keys)) {
    const value = defaultOf(key);
    lines.push(
      `  ${flagOf(name)}${key.type === 'boolean' ? '' : ` <${typeOf(key)}>`}`,
      `      ${key.description ?? ''}${value ? ` [default: ${value}]` : ''} (${envOf(name)})`,
    );
  }
  for (const [flag, text] of OWN_FLAGS) lines.push(`  ${flag}`, `      ${text}`);
  return `${lines.join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The same as a Markdown page for the reference documentation. */
export function configReference(definition: ConfigDefinition): string {
  const rows = Object.entries(definition.keys).map(
    ([name, key]) =>
      `| \`${name}\` | \`${flagOf(name)}\` | \`${envOf(name)}\` | ${cell(typeOf(key))} | ${cell(defaultOf(key)) || '–'} | ${cell(key.description ?? '')} |`,
  );
  return [
    `# ${definition.service}: configuration`,
    '',
    `${definition.summary.replace(/\.$/, '')}. Sources, strongest first: flag, environment variable, \`--config\` file, default.`,
    '',
    '| Key | Flag | Environment | Type | Default | Meaning |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
