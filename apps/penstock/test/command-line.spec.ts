import { describe, expect, it } from '@jest/globals';
import { benchDocument, benchTables, brokenBars } from '../src/bench/report.js';
import type { BenchOptions, BenchResult } from '../src/bench/types.js';
import { positive, whole } from '../src/commands/arguments.js';
import { errorSentence } from '../src/error-sentence.js';
import { withFlags } from '../src/suite/laptop-manifest.js';

const options: BenchOptions = { size: 'tiny', seed: 1, progress: () => undefined };
const result: BenchResult = {
  bench: 'demo',
  params: { engines: 2 },
  rows: [{ policy: 'a', ttft: 12.345 }],
  bars: [
    { name: 'ratio', value: 1, limit: '>= 2', holds: false, portable: true },
    { name: 'speed', value: 1, limit: '>= 2', holds: false, portable: false },
    { name: 'trace', value: null, limit: '>= 2', holds: 'not run', portable: true },
  ],
};

describe('bench report', () => {
  it('is one JSON document with bench, commit, params, rows and bars', () => {
    const document = JSON.parse(JSON.stringify(benchDocument(result, options)));
    expect(Object.keys(document)).toEqual(['bench', 'commit', 'params', 'rows', 'bars']);
    expect(document.bars[2]).toEqual({ name: 'trace', value: null, limit: '>= 2', holds: 'not run' });
  });

  it('checks at tiny size only what any machine must meet, and never counts "not run" as broken or held', () => {
    expect(brokenBars(result, options).map((bar) => bar.name)).toEqual(['ratio']);
    expect(brokenBars(result, { ...options, size: 'default' }).map((bar) => bar.name)).toEqual([
      'ratio',
      'speed',
    ]);
    expect(benchTables(result, options)).toMatch(/trace .*not run/);
  });
});

describe('arguments', () => {
  it.each(['', '-1', '1.5', 'ten', '1e3', '99'])('refuses "%s" as a whole number from 1 to 64', (text) => {
    expect(() => whole('--engines', 1, 64)(text)).toThrow('--engines takes a whole number from 1 to 64');
  });

  it.each(['', '0', '-2', 'fast', 'NaN', 'Infinity'])('refuses "%s" as a speed', (text) => {
    expect(() => positive('--speed', 1000)(text)).toThrow('--speed takes a number above 0, up to 1000');
  });

  it('takes what fits', () => {
    expect(whole('--engines', 1, 64)('8')).toBe(8);
    expect(positive('--speed', 1000)('0.5')).toBe(0.5);
  });
});

describe('withFlags', () => {
  it('replaces both spellings and adds what is missing', () => {
    expect(
      withFlags(['--model', 'a', '--seed=1', '--keep', 'x'], {
        '--model': 'b',
        '--seed': '2',
        '--port': '3',
      }),
    ).toEqual([...['--keep', 'x', '--model', 'b', '--seed', '2', '--port', '3']]);
  });
});

describe('errorSentence', () => {
  it('names a full disk and a folder that cannot be written', () => {
    expect(errorSentence(Object.assign(new Error('x'), { code: 'ENOSPC', path: '/a/b' }))).toBe(
      'the disk is full (writing /a/b); free some space and try again',
    );
    expect(errorSentence(Object.assign(new Error('x'), { code: 'EACCES', path: '/a' }))).toMatch(
      '/a cannot be written',
    );
  });
});
