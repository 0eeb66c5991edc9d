import { cut } from '../output/column-table.js';
import { paint, type Style } from '../output/paint.js';
import type { Finding, FindingStatus } from './finding.js';

const STYLE: Readonly<Record<FindingStatus, Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
};

/** Findings for people: one line each, and what to do under those that are not well. */
export function printFindings(findings: readonly Finding[], width: number): string {
  const names = Math.max(...findings.map(({ area, name }) => labelOf(area, name).length));
  const column = Math.min(names, Math.floor(width / 2));
  const lines = findings.flatMap(({ area, name, status, detail, fix }) => {
    const text = cut(`${labelOf(area, name).padEnd(column)}  ${detail}`, width - 6);
    const line = `${paint(STYLE[status], status.padEnd(4))}  ${text}`;
    return fix === undefined
      ? [line]
      : [line, ...wrap(`→ ${fix}`, width - 8).map((part) => `        ${part}`)];
  });
  return [...lines, '', summaryOf(findings)].join('\n');
}

const labelOf = (area: string, name: string): string => (area === name ? area : `${area}: ${name}`);

function summaryOf(findings: readonly Finding[]): string {
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  const skipped = count('skip') === 0 ? '' : `, ${count('skip')} not looked at`;
  return `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures${skipped}`;
}

/** What to do is never cut: it is wrapped at spaces. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
