import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkedEncoder, splitsBetweenWords } from './chunked-encoder.js';
import { BUILT_IN_TOKENIZER_DIR } from './load-tokenizer.js';

const description = JSON.parse(readFileSync(join(BUILT_IN_TOKENIZER_DIR, 'tokenizer.json'), 'utf8'));
const library = new Library(description, {});
const whole = (text: string) => library.encode(text, { add_special_tokens: false }).ids;

/** Text of words, punctuation, spaces, control tokens, other scripts and anything else. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' the',
        ' water',
        'gate',
        ' a',
        "'s",
        '\n',
        '  ',
        ' ',
        '. ',
        '12 ',
        '<|im_end|>',
        'é ',
        ' 水',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.stringMatching(/^( [a-z]{1,9}){1,4}$/),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('ChunkedEncoder', () => {
  it('gives what encoding the whole text gives, however small the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 30 }),
        (texts, chars) => {
          const encoder = new ChunkedEncoder(whole, chars, 300);
          // The second text begins with the first, and so on: what is remembered is used.
          for (let i = 1; i <= texts.length; i++) {
            const grown = texts.slice(0, i).join('');
            expect([...encoder.encodeText(grown)]).toEqual(whole(grown));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('encodes only what is new in a text that begins like an earlier one', () => {
    let encodedChars = 0;
    const encoder = new ChunkedEncoder((part) => {
      encodedChars += part.length;
      return whole(part);
    });
    const prompt = 'the water turns the wheel of the station '.repeat(200);
    encoder.encodeText(prompt);
    encodedChars = 0;
    encoder.encodeText(`${prompt}and then it stops`);
    expect(encodedChars).toBeLessThan(1_200);
  });
});

describe('splitsBetweenWords', () => {
  const split = (Regex: string) => ({
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  });
  const [ours] = description.pre_tokenizer.pretokenizers;

  it.each([
    ['ours', description],
    ['ours with NFC, as Qwen', { ...description, normalizer: { type: 'NFC' } }],
    ['GPT-2', { ...description, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } }],
  ])('%s: yes', (_, tokenizer) => expect(splitsBetweenWords(tokenizer)).toBe(true));

  it.each([
    ['nothing', {}],
    ['no pre-tokenizer', { ...description, pre_tokenizer: null }],
    ['SentencePiece', { ...description, pre_tokenizer: { type: 'Metaspace', replacement: '▁' } }],
    ['another pattern', { ...description, pre_tokenizer: split('\\s') }],
    ['a pattern that looks back', { ...description, pre_tokenizer: split(`(?<=a)b|${ours.pattern.Regex}`) }],
    ['another normalizer', { ...description, normalizer: { type: 'Lowercase' } }],
    ['another model', { ...description, model: { type: 'Unigram' } }],
    ['a control token with a space', { ...description, added_tokens: [{ id: 1, content: '<a b>' }] }],
    ['a control token that is a word', { ...description, added_tokens: [{ id: 1, content: 'word' }] }],
  ])('%s: no', (_, tokenizer) => expect(splitsBetweenWords(tokenizer)).toBe(false));
});
