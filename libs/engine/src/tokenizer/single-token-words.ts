import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { SingleTokenWords } from './tokenizer.js';

// GPT-2's byte alphabet and SentencePiece each write a leading space in their own way.
const WORD = /^[\u0120\u2581]([a-z]{2,})$/;
// Enough variety for readable text; keeps the search short on vocabularies of 150,000 tokens.
const MAX_WORDS = 4_096;
/** Candidates judged together: one call to `encode` for all, unless one of them is no word. */
const TOGETHER = 256;

interface Candidate {
  readonly id: number;
  readonly text: string;
}

/**
 * The words of a vocabulary that stay one token between other words. `encode` is the judge: a token that
 * looks like a word may still be out of reach of the merges.
 */
export function findSingleTokenWords(
  vocabulary: ReadonlyMap<string, number>,
  encode: (text: string) => ArrayLike<number>,
): SingleTokenWords {
  const candidates: Candidate[] = [];
  for (const [token, id] of vocabulary) {
    const word = WORD.exec(token)?.[1];
    if (word !== undefined) candidates.push({ id, text: ` ${word}` });
  }
  candidates.sort((a, b) => a.id - b.id);
  const stays = (some: readonly Candidate[]): boolean => {
    // Each twice in a row, so that every one is seen after a word and before a word.
    const ids = encode(some.map(({ text }) => text + text).join(''));
    return (
      ids.length === some.length * 2 && some.every(({ id }, i) => ids[2 * i] === id && ids[2 * i + 1] === id)
    );
  };
  const found: Candidate[] = [];
  for (let i = 0; i < candidates.length && found.length < MAX_WORDS; i += TOGETHER) {
    const some = candidates.slice(i, i + TOGETHER);
    found.push(...(stays(some) ? some : some.filter((candidate) => stays([candidate]))));
  }
  found.length = Math.min(found.length, MAX_WORDS);
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
