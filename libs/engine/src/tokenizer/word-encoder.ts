import { type Tokenizer as Library, SplitPreTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { BytePairEncoder } from './byte-pair-encoder.js';
import { copyText } from './copy-text.js';
import { GPT2_PATTERN } from './safe-cuts.js';
import { TokenList } from './token-list.js';

/** Words met more than once that are remembered in each of two generations. */
const GENERATION_WORDS = 40_000;
/** Words met once: names and numbers of one text, which would spread the others over more memory than a cache holds. */
const WORDS_MET_ONCE = 20_000;
/** Longer words are rare and not remembered. */
const MAX_WORD_CHARS = 64;

const wordwise = z.looseObject({
  normalizer: z.looseObject({ type: z.literal('NFC') }).nullish(),
  pre_tokenizer: z.looseObject({ type: z.string() }),
  model: z.looseObject({
    type: z.literal('BPE'),
    fuse_unk: z.literal(false).nullish(),
    dropout: z.null().optional(),
  }),
  added_tokens: z
    .array(
      z.looseObject({
        id: z.number(),
        content: z.string().min(1),
        lstrip: z.literal(false).default(false),
        rstrip: z.literal(false).default(false),
        special: z.boolean().default(false),
        normalized: z.boolean().optional(),
      }),
    )
    .default([]),
});
const byteLevel = z.looseObject({
  type: z.literal('ByteLevel'),
  add_prefix_space: z.literal(false),
  use_regex: z.boolean().default(true),
});
const split = z.looseObject({
  type: z.literal('Split'),
  pattern: z.looseObject({ Regex: z.string() }),
  behavior: z.literal('Isolated'),
  invert: z.literal(false),
});
type Split = z.infer<typeof split>;

/** The patterns that make words of a text; undefined when something else does. */
function splitsOf(preTokenizer: unknown): readonly Split[] | undefined {
  const { pretokenizers = [preTokenizer] } = preTokenizer as { pretokenizers?: readonly unknown[] };
  const last = byteLevel.safeParse(pretokenizers.at(-1)).data;
  const before = z.array(split).safeParse(pretokenizers.slice(0, -1)).data;
  if (!last || !before) return undefined;
  if (!last.use_regex) return before.length > 0 ? before : undefined;
  const pattern = { Regex: GPT2_PATTERN };
  return [...before, { type: 'Split', pattern, behavior: 'Isolated', invert: false }];
}

interface Parts {
  readonly library: Library;
  readonly splits: readonly SplitPreTokenizer[];
  readonly composed: boolean;
  readonly controls: ReadonlyMap<string, number>;
  /** Absent: the library encodes new words. */
  readonly pairs?: BytePairEncoder;
}

/**
 * Encodes texts word by word and remembers the words, where the tokenizer treats them one by one: byte-level BPE behind
 * patterns. Gives the library's ids several times faster, since most words have been seen before.
 */
export class WordEncoder {
  private readonly control: RegExp | undefined;
  private young = new Map<string, number | Uint32Array>();
  private old = new Map<string, number | Uint32Array>();
  private readonly once = new Map<string, number | Uint32Array>();

  private constructor(private readonly parts: Parts) {
    const contents = [...parts.controls.keys()].sort((a, b) => b.length - a.length);
    const escaped = contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
    // Without flag u, as the library: by UTF-16 unit. The longest comes first, as there.
    this.control = contents.length > 0 ? new RegExp(escaped.join('|'), 'g') : undefined;
  }

  /** Undefined when the tokenizer is of another kind. */
  static of(library: Library, tokenizer: unknown): WordEncoder | undefined {
    const parsed = wordwise.safeParse(tokenizer);
    if (!parsed.success) return undefined;
    const { normalizer, pre_tokenizer, added_tokens } = parsed.data;
    const patterns = splitsOf(pre_tokenizer);
    if (!patterns || (normalizer && added_tokens.some((t) => t.normalized ?? !t.special))) return undefined;
    const splits = patterns.map((pattern) => new SplitPreTokenizer(pattern));
    const controls = new Map(added_tokens.map(({ content, id }) => [content, id]));
    const pairs = BytePairEncoder.of(parsed.data.model, controls);
    return new WordEncoder({
      ...{ library, splits, controls, composed: Boolean(normalizer) },
      ...(pairs ? { pairs } : {}),
    });
  }

  /** Ids of a text without special tokens around it. */
  encode(text: string): Uint32Array {
    const ids = new TokenList(Math.max(16, text.length >> 1));
    const { control } = this;
    if (!control) this.encodeSection(text, ids);
    else {
      let from = 0;
      control.lastIndex = 0;
      for (let found = control.exec(text); found; found = control.exec(text)) {
        this.encodeSection(text.slice(from, found.index), ids);
        ids.push(this.parts.controls.get(found[0]) as number);
        from = control.lastIndex;
      }
      this.encodeSection(from === 0 ? text : text.slice(from), ids);
    }
    return ids.toArray();
  }

  private encodeSection(section: string, ids: TokenList): void {
    if (section.length === 0) return;
    const { composed, controls } = this.parts;
    const text = composed ? section.normalize('NFC') : section;
    const control = controls.get(text);
    if (control !== undefined) {
      ids.push(control);
      return;
    }
    const { length } = ids;
    for (const word of this.split(text)) {
      const known = this.young.get(word) ?? this.recall(word) ?? this.learn(word);
      if (typeof known === 'number') ids.push(known);
      else if (known) ids.pushAll(known);
      else {
        // A word that is several by itself depends on what is around it.
        ids.length = length;
        ids.pushAll(this.parts.library.encode(text, { add_special_tokens: false }).ids);
        return;
      }
    }
  }

  private split(text: string): string[] {
    let pieces = [text];
    for (const each of this.parts.splits) {
      const [only] = pieces;
      pieces =
        pieces.length === 1 && only !== undefined
          ? piecesOf(only, each)
          : pieces.flatMap((piece) => piecesOf(piece, each));
    }
    return pieces;
  }

  private recall(word: string): number | Uint32Array | undefined {
    const known = this.old.get(word) ?? this.once.get(word);
    if (known === undefined) return undefined;
    this.once.delete(word);
    this.remember(copyText(word), known);
    return known;
  }

  private learn(word: string): number | Uint32Array | undefined {
    const alone = this.split(word);
    if (alone.length !== 1) return undefined;
    const { library, pairs } = this.parts;
    const ids = pairs?.encode(word) ?? library.encode(word, { add_special_tokens: false }).ids;
    const known = ids.length === 1 ? (ids[0] as number) : Uint32Array.from(ids);
    if (word.length > MAX_WORD_CHARS) return known;
    if (this.once.size >= WORDS_MET_ONCE) this.once.clear();
    this.once.set(copyText(word), known);
    return known;
  }

  private remember(word: string, known: number | Uint32Array): void {
    if (this.young.size >= GENERATION_WORDS) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(word, known);
  }
}

/** What the library's splitting gives, faster where the matches are all there is of the text. */
function piecesOf(text: string, split: SplitPreTokenizer): string[] {
  const { pattern } = split;
  const found = pattern?.global ? text.match(pattern) : null;
  let covered = 0;
  for (const piece of found ?? []) covered += piece.length;
  return found && covered === text.length && !found.includes('') ? found : split.pre_tokenize_text(text);
}
