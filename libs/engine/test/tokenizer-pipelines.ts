import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_IN_TOKENIZER_DIR } from '../src/tokenizer/load-tokenizer.js';

type Json = Record<string, unknown>;
const ours = JSON.parse(readFileSync(join(BUILT_IN_TOKENIZER_DIR, 'tokenizer.json'), 'utf8')) as Json;
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });
const behind = (...patterns: string[]) => ({
  type: 'Sequence',
  pretokenizers: [...patterns.map(split), byteLevel],
});
const controls = ['<|a|>', '<|b|>', '<s>', '</s>'];
const addedTokens = (from: number) =>
  controls.map((content, i) => ({ id: from + i, content, special: true, normalized: false }));

/** The word pattern of Llama 3's kind: contractions, words, up to three digits, punctuation, spaces. */
export const THREE_DIGITS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/** The kind that looks at upper and lower case. */
const BY_CASE =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Merges of a small vocabulary in which ▁ stands for a space, best first. */
const MERGES =
  '▁ t|h e|▁t he|▁ w|a t|e r|▁ a|at er|▁w ater|g at|gat e|i s|▁ is|o p|op en|e n|▁ op|▁ ▁|▁▁ ▁▁|l e|1 2'.split(
    '|',
  );

function spaceMarked(extra: readonly string[] = []): Json {
  const characters = [...new Set([...'▁abcdefghijklmnopqrstuvwxyz0123456789.,!\'"\n<|>'])];
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const merges = [...MERGES, ...extra];
  const words = merges.map((merge) => merge.replace(' ', ''));
  const vocab: Record<string, number> = {};
  for (const token of ['<unk>', ...bytes, ...characters, ...words])
    vocab[token] ??= Object.keys(vocab).length;
  const model = { type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges };
  return { added_tokens: addedTokens(Object.keys(vocab).length), model, decoder: null, post_processor: null };
}

const toMark = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
const llama2 = { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, toMark] };
const metaspace = (prepend_scheme: string) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme });

const WORDS = [
  '[UNK]',
  'the',
  'water',
  'gate',
  'a',
  'is',
  'open',
  '##s',
  '##gate',
  '##e',
  "'",
  '.',
  '1',
  '##2',
  '水',
];
const wordPiece = {
  type: 'WordPiece',
  unk_token: '[UNK]',
  continuing_subword_prefix: '##',
  max_input_chars_per_word: 50,
  vocab: Object.fromEntries(WORDS.map((word, i) => [word, i])),
};
const unigram = {
  type: 'Unigram',
  unk_id: 0,
  vocab: [
    ['<unk>', 0],
    ...[...'▁abcdefghijklmnopqrstuvwxyz. '].map((c) => [c, -8]),
    ['▁the', -3],
    ['▁gate', -4],
  ],
};

/** Tokenizers of the kinds that are in use, small: name and `tokenizer.json`. */
export const PIPELINES: ReadonlyArray<readonly [string, Json]> = [
  ['GPT-2', { ...ours, pre_tokenizer: { ...byteLevel, use_regex: true } }],
  [
    'GPT-2 that adds a space',
    { ...ours, pre_tokenizer: { ...byteLevel, use_regex: true, add_prefix_space: true } },
  ],
  [
    'three digits',
    { ...ours, model: { ...(ours.model as Json), ignore_merges: true }, pre_tokenizer: behind(THREE_DIGITS) },
  ],
  ['by case, composed', { ...ours, normalizer: { type: 'NFC' }, pre_tokenizer: behind(BY_CASE) }],
  ['several patterns', { ...ours, pre_tokenizer: behind('\\p{N}{1,3}', '[一-龥぀-ゟ゠-ヿ]+', THREE_DIGITS) }],
  ['compatible forms', { ...ours, normalizer: { type: 'NFKC' } }],
  ['prepended space', { ...spaceMarked(), normalizer: llama2, pre_tokenizer: null }],
  ['prepended space, words joined', { ...spaceMarked(['e ▁t']), normalizer: llama2, pre_tokenizer: null }],
  ['Metaspace first', { ...spaceMarked(), normalizer: null, pre_tokenizer: metaspace('first') }],
  ['Metaspace always', { ...spaceMarked(), normalizer: null, pre_tokenizer: metaspace('always') }],
  ['Metaspace never', { ...spaceMarked(), normalizer: null, pre_tokenizer: metaspace('never') }],
  [
    'spaces marked, split at spaces',
    {
      ...spaceMarked(),
      normalizer: toMark,
      pre_tokenizer: {
        type: 'Split',
        pattern: { String: ' ' },
        behavior: 'MergedWithPrevious',
        invert: false,
      },
    },
  ],
  [
    'WordPiece',
    {
      added_tokens: addedTokens(WORDS.length),
      normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      model: wordPiece,
      post_processor: null,
      decoder: null,
    },
  ],
  [
    'Unigram behind Metaspace',
    {
      added_tokens: addedTokens(unigram.vocab.length),
      normalizer: null,
      pre_tokenizer: metaspace('always'),
      model: unigram,
      post_processor: null,
      decoder: null,
    },
  ],
  [
    'tokens that trim',
    {
      ...ours,
      added_tokens: [
        { id: 0, content: '<|a|>', special: true, lstrip: true },
        { id: 1, content: '<|b|>', special: true, rstrip: true },
        { id: 2, content: '<s>', special: true },
      ],
    },
  ],
  [
    'tokens inside of tokens',
    {
      ...ours,
      added_tokens: ['<|a', '<|a|>', '|>', '<|', 'a|><', '\n\n ', '  '].map((content, id) => ({
        id,
        content,
        special: true,
      })),
    },
  ],
];

export function pipeline(name: string): Json {
  const found = PIPELINES.find(([each]) => each === name);
  if (!found) throw new Error(`no pipeline ${name}`);
  return found[1];
}
