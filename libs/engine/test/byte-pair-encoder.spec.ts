import { Tokenizer as Library } from '@huggingface/tokenizers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BytePairEncoder } from '../src/tokenizer/byte-pair-encoder.js';
import { pipeline } from './tokenizer-pipelines.js';

type Model = { type: string; vocab: Record<string, number>; merges: unknown[] };
const gpt2 = pipeline('GPT-2') as { model: Model };
/** Every byte as a token: those of our own model, which are all there. */
const bytes = Object.keys(gpt2.model.vocab).filter((token) => [...token].length === 1);

/** A model whose merges are drawn among what earlier ones made of a few letters. */
function modelOf(draws: ReadonlyArray<readonly [number, number]>, ignore_merges: boolean): Model {
  const made = ['a', 'b', 'c', 'Ġ', 'Ã', '©'];
  const merges: string[] = [];
  const vocab = Object.fromEntries(bytes.map((byte, i) => [byte, i]));
  for (const [l, r] of draws) {
    const [left, right] = [made[l % made.length] as string, made[r % made.length] as string];
    const token = left + right;
    if (token.length > 12 || merges.includes(`${left} ${right}`)) continue;
    merges.push(`${left} ${right}`);
    if (vocab[token] === undefined) made.push(token);
    vocab[token] ??= Object.keys(vocab).length;
  }
  return { ...gpt2.model, ignore_merges, vocab, merges } as Model;
}

describe('BytePairEncoder', () => {
  it('gives what the library gives, for any merges and any word', () => {
    const draws = fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { maxLength: 40 });
    const word = fc
      .array(fc.constantFrom('a', 'b', 'c', 'ab', 'aa', 'bc', ' ', 'é', '\ud800', '水'), {
        minLength: 1,
        maxLength: 30,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        draws,
        fc.array(word, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (made, words, ignoreMerges) => {
          const model = modelOf(made, ignoreMerges);
          // No pattern: the library sees the word as it is.
          const pre_tokenizer = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
          const library = new Library({ ...gpt2, added_tokens: [], pre_tokenizer, model }, {});
          const encoder = BytePairEncoder.of(model, new Map());
          for (const each of words) {
            const expected = library.encode(each, { add_special_tokens: false }).ids;
            expect([...(encoder?.encode(each) ?? [])]).toEqual(expected);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leaves long words, and models that it does not know, to the library', () => {
    const encoder = BytePairEncoder.of(gpt2.model, new Map());
    expect(encoder?.encode('a'.repeat(128))).toBeDefined();
    expect(encoder?.encode('a'.repeat(129))).toBeUndefined();
    expect(encoder?.encode('水'.repeat(50))).toBeUndefined();
    const { model } = gpt2;
    for (const other of [
      {},
      { ...model, type: 'WordPiece' },
      { ...model, end_of_word_suffix: '</w>' },
      { ...model, merges: [...model.merges, 'no such'] },
      { ...model, vocab: Object.fromEntries(Object.entries(model.vocab).slice(300)) },
    ])
      expect(BytePairEncoder.of(other, new Map())).toBeUndefined();
    // Two tokens of one id cannot be told apart.
    expect(BytePairEncoder.of(model, new Map([['<x>', 300]]))).toBeUndefined();
  });
});
