import { cut } from '../output/column-table.js';
import { paint, type Style } from '../output/paint.js';
import { wrap } from '../output/wrap.js';
import type { Finding, FindingStatus } from './finding.js';

const STYLE: Readonly<Record<FindingStatus, Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
};

/** Findings for people: one line each. What is not well is never cut, and what to do stands under it. */
export function printFindings(findings: readonly Finding[], width: number): string {
  const names = Math.max(...findings.map(({ area, name }) => labelOf(area, name).length));
  const column = Math.min(names, Math.floor(width / 2));
  const lines = findings.flatMap(({ area, name, status, detail, fix }) => {
    const text = `${labelOf(area, name).padEnd(column)}  ${detail}`;
    const [first = '', ...more] = status === 'ok' ? [cut(text, width - 6)] : wrap(text, width - 6, 2);
    return [
      `${paint(STYLE[status], status.padEnd(4))}  ${first}`,
      ...more.map((part) => `      ${part}`),
      ...(fix === undefined ? [] : wrap(`→ ${fix}`, width - 8, 2).map((part) => `        ${part}`)),
    ];
  });
  return [...lines, '', summaryOf(findings)].join('\n');
}

const labelOf = (area: string, name: string): string => (area === name ? area : `${area}: ${name}`);

function summaryOf(findings: readonly Finding[]): string {
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  const some = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  const skipped = count('skip') === 0 ? '' : `, ${count('skip')} not looked at`;
  return `${count('ok')} ok, ${some(count('warn'), 'warning')}, ${some(count('fail'), 'failure')}${skipped}`;
}
