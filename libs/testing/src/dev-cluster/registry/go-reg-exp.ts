/** Names of ASCII classes (`[[:alpha:]]`), as what stands inside the brackets. */
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: 'a-zA-Z0-9_',
  xdigit: '0-9A-Fa-f',
};

/**
 * A regular expression as Go writes it (RE2), which is what Kubernetes reads: flags in front, `\A`, `\z`, `\Q…\E`,
 * `(?P<name>…)`, `[[:alpha:]]` and `\pL` besides what JavaScript has, too.
 *
 * @throws SyntaxError for what is none
 */
export function goRegExp(pattern: string, moreFlags = ''): RegExp {
  const [, inFront = '', rest = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(pattern) ?? [];
  const source = rest
    .replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_, text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .replace(/\\(?:([Az])|([pP])([A-Z]))|\\[\s\S]|\(\?P<|\[:(\^?)(\w+):\]/g, translate);
  // With the flag `u` JavaScript refuses escapes that mean nothing, so only where it is needed.
  const unicode = /\\[pP]\{/.test(source) ? 'u' : '';
  return new RegExp(source, [...new Set(inFront + unicode + moreFlags)].join(''));
}

function translate(
  found: string,
  anchor?: string,
  property?: string,
  letter?: string,
  negation?: string,
  name?: string,
): string {
  if (anchor) return anchor === 'A' ? '(?<![\\s\\S])' : '(?![\\s\\S])';
  if (property) return `\\${property}{${letter}}`;
  if (found === '(?P<') return '(?<';
  // A negated class within another one has no counterpart.
  return name && !negation ? (POSIX_CLASSES[name] ?? found) : found;
}
