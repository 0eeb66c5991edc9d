import { z } from 'zod';
import { PairRanks } from './pair-ranks.js';

/** Longer words go to the library, whose time grows more slowly with their length. */
const MAX_BYTES = 128;
const utf8 = new TextEncoder();

/** The vocabulary and the merges are looked at one by one as they are used: schemas of so many take a second. */
const byteLevelModel = z.looseObject({
  type: z.literal('BPE'),
  vocab: z.custom<Readonly<Record<string, unknown>>>((vocab) => typeof vocab === 'object' && vocab !== null),
  merges: z.custom<readonly unknown[]>((merges) => Array.isArray(merges)),
  ignore_merges: z.boolean().nullish(),
  end_of_word_suffix: z.literal('').nullish(),
  continuing_subword_prefix: z.literal('').nullish(),
  continuing_subword_suffix: z.literal('').nullish(),
});

const MAX_ID = 0x7f_ffff;

/**
 * Byte-pair encoding of single words on GPT-2's byte alphabet (Sennrich et al. 2016, Radford et al. 2019): of all pairs of
 * neighbours the one with the lowest rank is merged, the leftmost first, until none has a rank.
 */
export class BytePairEncoder {
  private readonly bytes = new Uint8Array(4 * MAX_BYTES);
  private readonly symbols = new Uint32Array(MAX_BYTES);
  private readonly ranks = new Float64Array(MAX_BYTES);

  private constructor(
    /** Id of each byte. */
    private readonly single: Uint32Array,
    /** By pair: its rank and the id that it becomes. */
    private readonly merges: PairRanks,
    /** Words that are tokens whatever the merges say, by their characters of the byte alphabet. */
    private readonly whole: ReadonlyMap<string, number> | undefined,
  ) {}

  /**
   * Undefined when the model is of another kind, or does not have every byte and every merged pair as a token.
   *
   * @param model of a `tokenizer.json`
   * @param added ids of added tokens, which come before those of the vocabulary
   */
  static of(model: unknown, added: ReadonlyMap<string, number>): BytePairEncoder | undefined {
    const parsed = byteLevelModel.safeParse(model);
    if (!parsed.success) return undefined;
    const { vocab, merges, ignore_merges } = parsed.data;
    const ids = idsOf(vocab, added);
    if (!ids) return undefined;
    const single = Uint32Array.from(BYTE_ALPHABET, (character) => ids.get(character) ?? MISSING);
    const ranked = new PairRanks(merges.length);
    for (let rank = 0; rank < merges.length; rank++) {
      const merge = merges[rank];
      const [left, right] =
        typeof merge === 'string' ? merge.split(' ', 2) : Array.isArray(merge) ? merge : [];
      const [a, b, id] = [ids.get(left), ids.get(right), ids.get(left + right)];
      if (a === undefined || b === undefined || id === undefined) return undefined;
      ranked.set(a, b, rank, id);
    }
    if (single.includes(MISSING)) return undefined;
    return new BytePairEncoder(single, ranked, ignore_merges ? ids : undefined);
  }

  /** Ids of a word; undefined when it is too long. */
  encode(word: string): Uint32Array | undefined {
    if (word.length > MAX_BYTES) return undefined;
    const { symbols, ranks, bytes } = this;
    let { written: count } = utf8.encodeInto(word, bytes);
    if (count > MAX_BYTES) return undefined;
    if (this.whole) {
      let characters = '';
      for (let i = 0; i < count; i++) characters += BYTE_ALPHABET[bytes[i] as number];
      const id = this.whole.get(characters);
      if (id !== undefined) return Uint32Array.of(id);
    }
    for (let i = 0; i < count; i++) symbols[i] = this.single[bytes[i] as number] as number;
    for (let i = 0; i + 1 < count; i++) ranks[i] = this.rankAt(i);
    for (;;) {
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < count; i++) {
        const rank = ranks[i] as number;
        if (rank < least) [best, least] = [i, rank];
      }
      if (best < 0) return symbols.slice(0, count);
      symbols[best] = this.merges.id(symbols[best] as number, symbols[best + 1] as number);
      symbols.copyWithin(best + 1, best + 2, count);
      ranks.copyWithin(best + 1, best + 2, count);
      count--;
      if (best > 0) ranks[best - 1] = this.rankAt(best - 1);
      if (best + 1 < count) ranks[best] = this.rankAt(best);
    }
  }

  private rankAt(at: number): number {
    return this.merges.rank(this.symbols[at] as number, this.symbols[at + 1] as number);
  }
}

const MISSING = 0xffff_ffff;

/** Ids by token; undefined when they are not what ids are, or two tokens have the same. */
function idsOf(
  vocab: Readonly<Record<string, unknown>>,
  added: ReadonlyMap<string, number>,
): Map<string, number> | undefined {
  const ids = new Map<string, number>();
  for (const token of Object.keys(vocab)) {
    const id = vocab[token];
    if (!isId(id)) return undefined;
    ids.set(token, id);
  }
  for (const [token, id] of added) {
    if (!isId(id)) return undefined;
    ids.set(token, id);
  }
  return new Set(ids.values()).size === ids.size ? ids : undefined;
}

function isId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_ID;
}

/** GPT-2's characters for the bytes 0 to 255: printable ones stand for themselves, the others come from U+0100 on. */
const BYTE_ALPHABET: readonly string[] = byteAlphabet();

function byteAlphabet(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}
