/** The tables of values in the chart's README: one of the values, one per service of its settings. */
export function readmeTables(schema, defaults) {
  const rows = [];
  const settings = [];
  const walk = (node, path, value) => {
    for (const [key, each] of Object.entries(node.properties ?? {})) {
      const here = [...path, key];
      // What Helm adds.
      if (!each.description) continue;
      const held = value?.[key];
      if (key === 'config' && path.length === 1 && each.additionalProperties === false) {
        settings.push([here.join('.'), each]);
        rows.push(row(here, each, undefined, `Settings of the service: [below](#${anchor(here)})`));
      } else if (each.properties && each.additionalProperties === false) {
        walk(each, here, held);
      } else if (each.properties && (key === 'nats' || key === 'valkey')) {
        walk(each, here, held);
      } else {
        rows.push(row(here, each, held, each.description));
      }
    }
  };
  walk(schema, [], defaults);
  const parts = [table('Value', rows)];
  for (const [path, { properties }] of settings) {
    const lines = Object.entries(properties).map(([key, each]) =>
      row([key], each, each.default, each.description),
    );
    parts.push(`### ${path}\n\n${table('Setting', lines)}`);
  }
  return parts.join('\n');
}

const anchor = (path) => path.join('').toLowerCase();

function row(path, each, value, meaning) {
  const shown = value === undefined || value === '' ? '' : `\`${JSON.stringify(value)}\``;
  return `| \`${path.join('.')}\` | ${typeOf(each)} | ${shown.replaceAll('|', '\\|')} | ${cell(meaning)} |`;
}

function typeOf({ type, enum: choices, anyOf }) {
  if (choices) return choices.join(', ');
  if (Array.isArray(type)) return type.map((each) => typeOf({ type: each })).join(' or ');
  if (anyOf) return anyOf.map((each) => each.type).join(' or ');
  return { string: 'text', array: 'list', object: 'object', boolean: 'boolean' }[type] ?? type ?? 'any';
}

const cell = (words = '') => words.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (first, rows) =>
  `| ${first} | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
