import { describe, expect, it } from '@jest/globals';
import { goRegExp } from './go-reg-exp.js';

describe('goRegExp', () => {
  it.each([
    ['^[a-z]+$', 'abc', true],
    ['(?i)^abc$', 'ABC', true],
    ['(?is)a.b', 'A\nB', true],
    ['\\Aab\\z', 'ab', true],
    ['\\Aab\\z', 'xab', false],
    ['^\\Qa.b\\E$', 'a.b', true],
    ['^\\Qa.b\\E$', 'axb', false],
    ['^(?P<year>\\d+)$', '2026', true],
    ['^[[:alpha:]_]+$', 'a_B', true],
    ['^[[:alpha:]_]+$', 'a1', false],
    ['^\\pL+$', 'äß', true],
    ['^a\\-b\\_c$', 'a-b_c', true],
    ['^\\\\A$', '\\A', true],
    ['^(a|b)/[0-9]{1,3}$', 'b/42', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(goRegExp(pattern).test(text)).toBe(expected);
  });

  it.each(['[', '(', 'a{2,1}', '(?P<n'])('refuses %s', (pattern) => {
    expect(() => goRegExp(pattern)).toThrow(SyntaxError);
  });
});
