import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { SingleTokenWords } from './tokenizer.js';

// GPT-2's byte alphabet and SentencePiece each write a leading space in their own way.
const WORD = /^[\u0120\u2581]([a-z]{2,})$/;
// Enough variety for readable text; keeps the search short on vocabularies of 150,000 tokens.
const MAX_WORDS = 4_096;

/**
 * The words of a vocabulary that stay one token between other words. `encode` is the judge: a token that
 * looks like a word may still be out of reach of the merges.
 */
export function findSingleTokenWords(
  vocabulary: ReadonlyMap<string, number>,
  encode: (text: string) => ArrayLike<number>,
): SingleTokenWords {
  const found: Array<{ id: number; text: string }> = [];
  const byId = [...vocabulary].sort((a, b) => a[1] - b[1]);
  for (const [token, id] of byId) {
    const word = WORD.exec(token)?.[1];
    if (word === undefined) continue;
    const text = ` ${word}`;
    const ids = encode(text + text);
    if (ids.length === 2 && ids[0] === id && ids[1] === id) found.push({ id, text });
    if (found.length === MAX_WORDS) break;
  }
  return { ids: Uint32Array.from(found, (word) => word.id), texts: found.map((word) => word.text) };
}

/** `count` words drawn with the seed, joined. */
export function textOfWords(words: SingleTokenWords, count: number, seed: number): string {
  const random = xoroshiro128plus(seed);
  // The generator starts from the seed as it is: its first draws are alike for neighbouring seeds.
  for (let i = 0; i < 8; i++) random.next();
  const parts = new Array<string>(count);
  for (let i = 0; i < count; i++) parts[i] = words.texts[(random.next() >>> 0) % words.texts.length]!;
  return parts.join('');
}
