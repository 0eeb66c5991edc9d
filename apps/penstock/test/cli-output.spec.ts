import { describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import fc from 'fast-check';
import type { Finding } from '../src/doctor/finding.js';
import { printFindings } from '../src/doctor/print-findings.js';
import { runChecks } from '../src/doctor/run-checks.js';
import { splitSentence } from '../src/doctor/split-sentence.js';
import { type Column, columnTable } from '../src/output/column-table.js';
import { exitCodeOf } from '../src/output/exit-code-of.js';
import { grpcFailure } from '../src/output/grpc-failure.js';
import { readableBytes, readableDuration, readableShare } from '../src/output/readable-figures.js';
import { UnreachableError } from '../src/output/unreachable-error.js';
import { UsageError } from '../src/output/usage-error.js';
import { wrap } from '../src/output/wrap.js';

const columns: Column<string[]>[] = [0, 2, 1].map((rank, i) => ({
  head: `c${i}`,
  rank,
  align: i === 0 ? 'left' : 'right',
  value: (row) => row[i] ?? '',
}));
const word = fc.stringMatching(/^[a-z0-9]{0,30}$/);

describe('columnTable', () => {
  it('has a head and a line for each row, and shows every value when there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word), { maxLength: 8 }), (rows) => {
        const lines = columnTable(columns, rows).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        rows.forEach((row, i) => {
          expect(lines[i + 1]?.split(/\s+/).filter(Boolean)).toEqual(row.filter(Boolean));
        });
      }),
    );
  });

  it('is never wider than the terminal, and keeps the start of the first column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, word), { minLength: 1 }),
        fc.integer({ min: 3, max: 80 }),
        (rows, width) => {
          const lines = columnTable(columns, rows, width).split('\n');
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
          rows.forEach(([first], i) => {
            expect(lines[i + 1]?.slice(0, Math.min(first.length, width - 1))).toBe(first.slice(0, width - 1));
          });
        },
      ),
    );
  });

  it('leaves out the column of the highest rank first', () => {
    const rows = [['first', 'second', 'third']];
    expect(columnTable(columns, rows, 21)).toBe('C0         C1     C2\nfirst  second  third');
    expect(columnTable(columns, rows, 15)).toBe('C0        C2\nfirst  third');
    expect(columnTable(columns, rows, 5)).toBe('C0\nfirst');
    expect(columnTable(columns, rows, 4)).toBe('C0\nfir…');
  });
});

describe('wrap', () => {
  it('keeps every character but spaces, and every width', () => {
    fc.assert(
      fc.property(
        fc.array(word),
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 0, max: 20 }),
        (words, width, indent) => {
          const lines = wrap(words.join(' '), width, indent);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
        },
      ),
    );
  });

  it('breaks at spaces and indents what follows', () => {
    expect(wrap('one two three four five', 14, 2)).toEqual(['one two three', '  four five']);
    expect(wrap('abcdefghijklmno p', 10, 0)).toEqual(['abcdefghij', 'klmno p']);
  });
});

describe('figures', () => {
  it('are short', () => {
    expect([0, 999, 1500, 600_000, 36_000_000].map(readableDuration)).toEqual([
      '0 ms',
      '999 ms',
      '1.5 s',
      '10 min',
      '10.0 h',
    ]);
    expect([0, 1, 1024, 1_610_612_736, 2 ** 50].map(readableBytes)).toEqual([
      '0 B',
      '1 B',
      '1.0 KiB',
      '1.5 GiB',
      '1.0 PiB',
    ]);
    expect([0.256, null, undefined, Number.NaN].map(readableShare)).toEqual(['26 %', '–', '–', '–']);
  });
});

describe('exit codes', () => {
  it.each([
    ['help', 0, new CommanderError(0, 'commander.helpDisplayed', '')],
    ['any failure', 1, new Error('x')],
    ['an unknown flag', 2, new CommanderError(1, 'commander.unknownOption', '')],
    ['wrong usage', 2, new UsageError('x')],
    ['what is away', 3, new UnreachableError('x')],
  ])('of %s is %i', (_, code, error) => expect(exitCodeOf(error)).toBe(code));
});

describe('grpcFailure', () => {
  it('says what was refused and by whom', () => {
    const details =
      'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ';
    expect(grpcFailure({ details })).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(grpcFailure(new Error('Deadline exceeded'))).toBe('Deadline exceeded');
  });
});

describe('findings', () => {
  const found: Finding[] = [
    { area: 'nats', name: 'version', status: 'ok', detail: 'nats-server 2.10' },
    {
      area: 'redis',
      name: 'redis',
      status: 'fail',
      detail: 'not reachable',
      fix: 'start it there and look again soon',
    },
    { area: 'cluster', name: 'cluster', status: 'skip', detail: 'not looked at', fix: 'give --kubeconfig' },
  ];

  it('say what to do under what is not well', () => {
    expect(printFindings(found, Number.POSITIVE_INFINITY).split('\n')).toEqual([
      'ok    nats: version  nats-server 2.10',
      'fail  redis          not reachable',
      '        → start it there and look again soon',
      'skip  cluster        not looked at',
      '        → give --kubeconfig',
      '',
      '1 ok, 0 warnings, 1 failure, 1 not looked at',
    ]);
  });

  it('that are not well are whole on a narrow terminal', () => {
    const lines = printFindings(found, 30).split('\n').slice(0, -1);
    expect(lines.every((line) => line.length <= 30)).toBe(true);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('→ start it there and look again soon');
  });

  it('come from every check, also from one that throws and one that hangs', async () => {
    const checks = [
      { area: 'a', run: async () => [found[0] as Finding] },
      { area: 'b', run: () => Promise.reject(new Error('gone; bring it back')) },
      { area: 'c', run: () => new Promise<never>(() => undefined) },
    ];
    expect(await runChecks(checks, 50)).toMatchObject([
      { area: 'nats', status: 'ok' },
      { area: 'b', status: 'fail', detail: 'gone', fix: 'bring it back' },
      { area: 'c', status: 'fail', detail: 'it took longer than 50 ms' },
    ]);
  });

  it('split our sentences at the last semicolon', () => {
    expect(splitSentence(new Error('a; b; c'), 'd')).toEqual({ detail: 'a; b', fix: 'c' });
    expect(splitSentence('a', 'd')).toEqual({ detail: 'a', fix: 'd' });
  });
});
