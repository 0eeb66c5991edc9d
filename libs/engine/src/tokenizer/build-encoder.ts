import type { Tokenizer as Library } from '@huggingface/tokenizers';
import { ChunkedEncoder } from './chunked-encoder.js';
import type { HuggingFaceParts } from './hugging-face-tokenizer.js';
import { type SafeCuts, safeCuts } from './safe-cuts.js';
import type { PrefixSharing } from './tokenizer.js';
import { WordEncoder } from './word-encoder.js';

/** Texts that show most of what pre-tokenizers and normalizers do differently. */
const SAMPLES = [
  'The quick brown fox, it said, can\'t jump over 1,234.5 lazy dogs  and   more\n\n\tthan one.\r\nNew "line" here ',
  ' leading space and l\u2019apostrophe, don\u2019t; caf\u00e9 cafe\u0301 na\u00efve \u00df \u0130I \u039f\u03a3 end\u03a3 \u1e9b\u0323 ',
  '\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u3093\u306b\u3061\u306f\u3001\u4e16\u754c \uc548\ub155 \uc138\uc0c1\uc740 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0645\u0631\u062d\u0628\u0627 \ud83d\udc69\u200d\ud83d\ude80 \ud83c\uddeb\ud83c\uddf7',
  'for (let i = 0; i < n; i++) { x_y[i] += "a b"; }  // a comment that is long enough\n\n\n    return x\n',
  'lone \ud800 surrogate \udc00 here, \u2581 and \u0120 as letters a\u2581b \u00a0 \u3000 \u200b \ufeff aAaA HTMLParser snake_case ',
  'a '.repeat(40),
  `word ${'x'.repeat(200)} word 0123456789012345 aa bb ccc dddd`,
];

type Encoder = Pick<HuggingFaceParts, 'chunked' | 'encodePart' | 'sharing' | 'around'>;

/**
 * What a tokenizer's parts allow to share between texts, tried on samples against the library: where one of them differs,
 * only whole texts are remembered.
 */
export function buildEncoder(
  library: Library,
  tokenizer: { readonly added_tokens: ReadonlyArray<{ readonly content: string }> },
  config: Readonly<Record<string, unknown>>,
  memoBytes: number | undefined,
): Encoder {
  const plain = (text: string) => library.encode(text, { add_special_tokens: false }).ids;
  const controls = tokenizer.added_tokens.slice(0, 4).map(({ content }) => content);
  const samples = [
    ...SAMPLES,
    SAMPLES.map((text, i) => text + (controls[i % controls.length] ?? '')).join(''),
  ];
  const expected = samples.map(plain);
  const agrees = (encode: (text: string) => ArrayLike<number>) =>
    samples.every((text, i) => sameIds(encode(text), expected[i] as number[]));

  const words = WordEncoder.of(library, tokenizer);
  const wordwise = words && agrees((text) => words.encode(text)) ? words : undefined;
  const encodePart = (text: string): Uint32Array => wordwise?.encode(text) ?? Uint32Array.from(plain(text));

  const allowed = safeCuts(tokenizer, config);
  const trial = new ChunkedEncoder(plain, allowed, { chunkChars: 1 });
  const cuts: SafeCuts = agrees((text) => trial.encodeText(text))
    ? allowed
    : { dropSpace: false, whyNot: 'sample texts come out otherwise when they are cut' };
  const capacity = memoBytes === undefined ? {} : { capacityBytes: memoBytes };
  return {
    chunked: new ChunkedEncoder(encodePart, cuts, capacity),
    encodePart,
    sharing: sharingOf(cuts),
    around: specialTokensAround(library),
  };
}

function sharingOf({ words, controls, whyNot }: SafeCuts): PrefixSharing {
  const cuts = words ? 'words' : controls ? 'controls' : 'none';
  return { cuts, ...(whyNot === undefined ? {} : { whyNot }) };
}

function specialTokensAround(library: Library): HuggingFaceParts['around'] {
  const around = (text: string) => {
    const bare = library.encode(text, { add_special_tokens: false }).ids;
    const whole: number[] = library.encode(text).ids;
    const at = whole.findIndex((_, i) => sameIds(whole.slice(i, i + bare.length), bare));
    if (bare.length === 0 || at < 0) return undefined;
    return { leading: whole.slice(0, at), trailing: whole.slice(at + bare.length) };
  };
  const [first, second] = ['word', 'two words'].map(around);
  return first && second && JSON.stringify(first) === JSON.stringify(second) ? first : undefined;
}

function sameIds(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
