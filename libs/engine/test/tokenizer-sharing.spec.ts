import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkedEncoder } from '../src/tokenizer/chunked-encoder.js';
import { BUILT_IN_TOKENIZER_DIR } from '../src/tokenizer/load-tokenizer.js';
import { safeCuts } from '../src/tokenizer/safe-cuts.js';
import { WordEncoder } from '../src/tokenizer/word-encoder.js';
import { PIPELINES, pipeline } from './tokenizer-pipelines.js';
import { adversarialText } from './tokenizer-texts.js';

const ours = JSON.parse(readFileSync(join(BUILT_IN_TOKENIZER_DIR, 'tokenizer.json'), 'utf8'));
const bare = (library: Library) => (text: string) => library.encode(text, { add_special_tokens: false }).ids;

describe.each([['ours', ours], ...PIPELINES])('%s', (_name, description) => {
  const library = new Library(description, {});
  const whole = bare(library);
  const cuts = safeCuts(description);
  const words = WordEncoder.of(library, description);

  it('gives what encoding the whole text gives, however small the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(adversarialText, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 30 }),
        (texts, chunkChars) => {
          const encode = (text: string) => words?.encode(text) ?? whole(text);
          const encoder = new ChunkedEncoder(encode, cuts, { chunkChars, capacityBytes: 2_000 });
          // The second text begins with the first, and so on: what is remembered is used.
          for (let i = 1; i <= texts.length; i++) {
            const grown = texts.slice(0, i).join('');
            expect([...encoder.encodeText(grown)]).toEqual(whole(grown));
          }
        },
      ),
      { numRuns: 120 },
    );
  });
});

describe('ChunkedEncoder', () => {
  it('encodes only what is new in a text that begins like an earlier one', () => {
    let encodedChars = 0;
    const whole = bare(new Library(ours, {}));
    const encode = (part: string) => {
      encodedChars += part.length;
      return whole(part);
    };
    const encoder = new ChunkedEncoder(encode, safeCuts(ours));
    const prompt = 'the water turns the wheel of the station '.repeat(200);
    encoder.encodeText(prompt);
    encodedChars = 0;
    encoder.encodeText(`${prompt}and then it stops`);
    expect(encodedChars).toBeLessThan(700);
    expect(encoder.counts.newChars).toBe(prompt.length + encodedChars);
  });

  it('shares messages of a chat where words cannot be cut', () => {
    const description = pipeline('Unigram behind Metaspace');
    const cuts = safeCuts(description);
    expect(cuts.words).toBeUndefined();
    const encoder = new ChunkedEncoder(bare(new Library(description, {})), cuts, { chunkChars: 10 });
    const chat = `<|a|>${'the gate is open '.repeat(5)}<|b|>`;
    encoder.encodeText(chat);
    const { chars, newChars } = encoder.counts;
    encoder.encodeText(`${chat}new`);
    expect(encoder.counts.chars - chars).toBe(chat.length + 3);
    expect(encoder.counts.newChars - newChars).toBe('<|b|>new'.length);
  });

  it('remembers no more than it may', () => {
    let encoded = 0;
    const encoder = new ChunkedEncoder((text) => [++encoded, text.length], safeCuts(ours), {
      capacityBytes: 3_000,
    });
    const texts = Array.from({ length: 50 }, (_, i) => `${i} ${'b '.repeat(100)}`);
    for (const text of texts) encoder.encodeText(text);
    encoder.encodeText(texts.at(-1) as string);
    expect(encoded).toBe(50);
    encoder.encodeText(texts[0] as string);
    expect(encoded).toBe(51);
  });

  it('forgets what was not used for longest', () => {
    let encoded = 0;
    const encoder = new ChunkedEncoder((text) => [++encoded, text.length], safeCuts(ours), {
      capacityBytes: 60_000,
    });
    // Many chunks, in use all the time while others come and go.
    const kept = 'the water turns the wheel '.repeat(120);
    encoder.encodeText(kept);
    for (let i = 0; i < 300; i++) {
      encoder.encodeText(`${i} ${'b '.repeat(100)}`);
      encoder.encodeText(kept);
    }
    const before = encoded;
    encoder.encodeText(kept);
    expect(encoded).toBe(before);
    expect(encoder.counts.newChars).toBeLessThan(kept.length + 300 * 210);
  });
});
