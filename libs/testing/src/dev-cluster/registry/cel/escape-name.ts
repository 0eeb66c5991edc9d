/** Names that CEL reads as something else. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace ' +
    'return var void while'
  ).split(' '),
);

/**
 * The name under which a CEL rule reaches a field, as Kubernetes escapes it: `__namespace__` for a reserved word,
 * `__dash__`, `__dot__`, `__slash__` and `__underscores__` for what no identifier has. Undefined for a field that
 * rules cannot reach.
 */
export function escapeName(field: string): string | undefined {
  if (RESERVED.has(field)) return `__${field}__`;
  const escaped = field.replace(/__|[./-]/g, (part) => ESCAPES[part] ?? part);
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(escaped) ? escaped : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};
