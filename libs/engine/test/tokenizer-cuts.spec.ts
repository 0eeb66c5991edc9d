import { describe, expect, it } from '@jest/globals';
import { safeCuts } from '../src/tokenizer/safe-cuts.js';
import { pipeline } from './tokenizer-pipelines.js';

const cutsOf = (description: unknown, config = {}) => {
  const { words, controls, dropSpace, whyNot } = safeCuts(description, config);
  return { words: words !== undefined, controls: controls !== undefined, dropSpace, whyNot };
};
const gpt2 = pipeline('GPT-2');
const marked = pipeline('prepended space');

describe('safeCuts', () => {
  it.each([
    ['GPT-2', false],
    ['GPT-2 that adds a space', false],
    ['three digits', false],
    ['by case, composed', false],
    ['several patterns', false],
    ['compatible forms', false],
    ['prepended space', true],
    ['Metaspace first', false],
    ['spaces marked, split at spaces', false],
    ['WordPiece', false],
  ])('%s: between words', (name, dropSpace) => {
    expect(cutsOf(pipeline(name))).toEqual({ words: true, controls: true, dropSpace, whyNot: undefined });
  });

  it.each([
    ['Unigram', pipeline('Unigram behind Metaspace'), 'model Unigram'],
    ['joined words', pipeline('prepended space, words joined'), 'the vocabulary joins words, as in "e▁t"'],
    ['Lowercase is fine, Strip is not', { ...gpt2, normalizer: { type: 'Strip' } }, 'normalizer Strip'],
    [
      'a normalizer by pattern',
      { ...gpt2, normalizer: { type: 'Replace', pattern: { Regex: ' +' } } },
      'normalizer Replace',
    ],
    [
      'another pattern',
      {
        ...gpt2,
        pre_tokenizer: { type: 'Split', pattern: { Regex: '.+' }, behavior: 'Isolated', invert: false },
      },
      'not known to split',
    ],
    [
      'an unknown pre-tokenizer',
      { ...gpt2, pre_tokenizer: { type: 'FixedLength', length: 3 } },
      'pre-tokenizer FixedLength',
    ],
    [
      'a control token with words',
      { ...gpt2, added_tokens: [{ id: 0, content: '<a b>', special: true }] },
      'looks like words',
    ],
    [
      'spaces left to the model',
      { ...gpt2, pre_tokenizer: null, model: { ...(gpt2.model as object), ignore_merges: true } },
      'a model that sees whole texts',
    ],
    [
      'unknown tokens that fuse',
      { ...marked, model: { ...(marked.model as object), byte_fallback: false } },
      'unknown tokens',
    ],
  ])('%s: not between words', (_, description, why) => {
    expect(cutsOf(description)).toMatchObject({
      words: false,
      controls: true,
      whyNot: expect.stringContaining(why),
    });
  });

  it('settings that change texts before the tokenizer forbid them too', () => {
    expect(cutsOf(gpt2, { remove_space: true }).words).toBe(false);
  });

  it('control tokens that are inside of others, or trim, are no place to cut', () => {
    expect(cutsOf(pipeline('tokens inside of tokens'))).toMatchObject({ words: false, controls: false });
    expect(safeCuts(pipeline('tokens that trim')).controls?.source).not.toContain('<\\|a');
  });

  it('knows nothing of something else', () =>
    expect(cutsOf({})).toMatchObject({ words: false, controls: false }));
});
