/**
 * A text as lines of at most `width`, broken at spaces and, where a word is longer than a line, inside it. Lines after the
 * first begin with `indent` spaces.
 */
export function wrap(text: string, width: number, indent = 0): string[] {
  const margin = ' '.repeat(Math.min(indent, Math.max(0, width - 10)));
  const lines: string[] = [];
  let line = '';
  let isEmpty = true;
  for (const word of text.split(' ')) {
    let rest = word;
    if (!isEmpty && line.length + 1 + rest.length > width) {
      lines.push(line);
      [line, isEmpty] = [margin, true];
    }
    line = isEmpty ? `${line}${rest}` : `${line} ${rest}`;
    isEmpty = false;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      rest = line.slice(width);
      line = `${margin}${rest}`;
    }
  }
  return [...lines, line];
}
