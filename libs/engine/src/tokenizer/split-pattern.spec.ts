import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeSplitPattern } from './split-pattern.js';

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const judge = (source: string) => judgeSplitPattern(source, letters, [' ']);

describe('judgeSplitPattern', () => {
  it.each([
    "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+",
    "[^\\r\\n]?[\\p{Lu}]*[\\p{Ll}\\p{M}]+(?i:'s|'t)?|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s+",
    '\\w+|[^\\w\\s]+',
    '[a-z]',
    '\\S+',
    '[a-m]+|[n-z]+',
  ])('%s splits', (source) => expect(judge(source)).toBe('splits'));

  it.each(['\\p{N}{1,3}', '[一-龥]+', '\\s+(?!\\S)|\\s+', '\\s', '[a-y]+', 'a{2}', 'ab', '(?:a|b)c?'])(
    '%s passes',
    (source) => expect(judge(source)).toBe('passes'),
  );

  it.each([
    '.+',
    '[^\\n]+',
    '\\p{L}+ ?',
    '(?: ?\\p{L})+',
    '[a-z ]{2}',
    'a b',
    '(?<=a)b|\\p{L}+',
    '(?<!a)\\p{L}+',
    '\\p{L}+(?=\\s)',
    '^\\p{L}+',
    '\\b\\w+',
    '\\p{L}*',
    '(\\p{L})\\1',
    '(?>a)',
    '[[a-z] ]',
    '[a-z',
    '(a',
    'a)',
    '*a',
    '',
  ])('%s is not judged, or crosses', (source) => expect(judge(source)).toBeUndefined());

  it('what splits, splits in any text', () => {
    const atom = fc.constantFrom(
      '\\p{L}',
      '\\s',
      ' ',
      'a',
      '\\p{N}',
      '[^\\s\\p{L}]',
      '\\S',
      "'",
      '[a-z]',
      '[^\\r\\n\\p{L}]',
      '\\w',
    );
    const item = fc.tuple(atom, fc.constantFrom('', '?', '+', '*', '{1,2}')).map((parts) => parts.join(''));
    const sequence = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(''));
    const pattern = fc.array(sequence, { minLength: 1, maxLength: 4 }).map((all) => all.join('|'));
    const text = fc
      .array(fc.constantFrom('a', 'b', ' ', '  ', '\n', "'", '1', '水', '. '), { maxLength: 12 })
      .map((t) => t.join(''));
    const ends = (source: string, whole: string, from = 0) =>
      [...whole.matchAll(new RegExp(source, 'gu'))].map((match) => from + match.index + match[0].length);
    let judged = 0;
    fc.assert(
      fc.property(pattern, text, text, (source, before, after) => {
        const verdict = judge(source);
        if (!verdict) return;
        judged++;
        const left = `${before}x`;
        const right = ` y${after}`;
        const whole = ends(source, left + right);
        expect(whole).toEqual([...ends(source, left), ...ends(source, right, left.length)]);
        if (verdict === 'splits') expect(whole).toContain(left.length);
      }),
      { numRuns: 1_500 },
    );
    expect(judged).toBeGreaterThan(150);
  });
});
