/** Texts, punctuation and everything else of a JSON document. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

interface Level {
  readonly path: string;
  /** Fields seen so far; undefined in a list. */
  readonly fields?: Set<string>;
  index: number;
  key: string;
}

/**
 * Paths of the fields that a JSON document gives more than once, of which a parser keeps the last:
 * `spec.containers[0].image`.
 *
 * @param text JSON that has been parsed, so that it is known to be well formed
 */
export function duplicateFields(text: string): string[] {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      const path = level ? pathIn(level) : '';
      levels.push({ path, ...(token === '{' ? { fields: new Set<string>() } : {}), index: 0, key: '' });
      isKey = token === '{';
    } else if (token === '}' || token === ']') {
      levels.pop();
      isKey = false;
    } else if (token === ',' && level) {
      level.index += 1;
      isKey = level.fields !== undefined;
    } else if (isKey && level?.fields) {
      level.key = JSON.parse(token) as string;
      if (level.fields.has(level.key)) duplicates.push(pathIn(level));
      level.fields.add(level.key);
      isKey = false;
    }
  }
  return duplicates;
}

function pathIn({ path, fields, index, key }: Level): string {
  if (!fields) return `${path}[${index}]`;
  return path ? `${path}.${key}` : key;
}
