import { describe, expect, it } from '@jest/globals';
import { parseTokenizerNames, tokenizerNamesOf } from './tokenizer-names-setting.js';

describe('parseTokenizerNames', () => {
  it('reads names and paths', () => {
    expect([...tokenizerNamesOf(' chat = org/model ,code=/mnt/code,')]).toEqual([
      ['chat', 'org/model'],
      ['code', '/mnt/code'],
    ]);
    expect(tokenizerNamesOf('').size).toBe(0);
  });

  it.each([
    ['chat', 'must be <model>=<name>'],
    ['=x', 'must be <model>=<name>'],
    ['chat=', 'must be <model>=<name>'],
    ['a=b,a=c', 'names the model a twice'],
  ])('refuses %s', (setting, words) => {
    expect(parseTokenizerNames(setting)).toEqual({ problem: expect.stringContaining(words) });
  });
});
