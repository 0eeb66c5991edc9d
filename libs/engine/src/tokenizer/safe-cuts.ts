import { z } from 'zod';
import { judgeSplitPattern } from './split-pattern.js';

/** Where texts may be cut so that encoding the parts gives what encoding the whole gives. */
export interface SafeCuts {
  /** Ends before a cut between words; absent when there is none that is safe. */
  readonly words?: RegExp;
  /** Begins at a cut before a control token; absent when there is none that is safe. */
  readonly controls?: RegExp;
  /** The space that a part begins with after a cut between words is left out: the tokenizer adds it again. */
  readonly dropSpace: boolean;
  /** Why there is no cut between words; absent when there is. */
  readonly whyNot?: string;
}

const LATIN = [...'abcdefghijklmnopqrstuvwxyz'];
/** Letters that often end a phrase in Chinese, Japanese and Korean: few, so that each can be tried on a pattern. */
const EAST_ASIAN = [
  ...'的了是在有人我他们这个中来上大为和国地到说时要就出会可也你能下过子后作里用年生动方日事力现分工学面体法行发多成家',
  ...'のはをがにでとるすたていくれなもだ',
  ...'다는을의에이가를고로은도서지기한요',
];
const EAST_ASIAN_STOPS = [...'，。、；：？！'];
const LATIN_WORDS = /[a-z](?= [a-z])/g;
const ALL_WORDS = new RegExp(
  `[a-z](?= [a-z])|[${EAST_ASIAN.join('')}](?=[${EAST_ASIAN_STOPS.join('')}])`,
  'g',
);

/** GPT-2's pattern, which a `ByteLevel` pre-tokenizer with `use_regex` splits by. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const step = z.looseObject({ type: z.string() });
type Step = z.infer<typeof step>;
const description = z.looseObject({
  normalizer: step.nullish(),
  pre_tokenizer: step.nullish(),
  model: z.looseObject({ type: z.string().optional(), vocab: z.unknown() }),
  added_tokens: z
    .array(
      z.looseObject({
        content: z.string(),
        lstrip: z.boolean().default(false),
        special: z.boolean().default(false),
        normalized: z.boolean().optional(),
      }),
    )
    .default([]),
});
type Description = z.infer<typeof description>;

/** Control tokens that are looked for. */
const MAX_CONTROLS = 256;

class Unsafe extends Error {}

/**
 * Judges a `tokenizer.json` with its `tokenizer_config.json` by its parts: normalizer, pre-tokenizer, model and control
 * tokens. Only what is known to be exact counts as safe.
 *
 * Between words means between a lower-case ASCII letter and one space before the next such letter, and, for patterns
 * that allow it, between common East Asian letters and their punctuation.
 */
export function safeCuts(tokenizer: unknown, config: Readonly<Record<string, unknown>> = {}): SafeCuts {
  const parsed = description.safeParse(tokenizer);
  if (!parsed.success) return { dropSpace: false, whyNot: 'tokenizer.json has another shape' };
  const controls = controlCuts(parsed.data);
  const known = controls ? { controls } : {};
  try {
    return { ...known, ...wordCuts(parsed.data, config) };
  } catch (error) {
    if (!(error instanceof Unsafe)) throw error;
    return { ...known, dropSpace: false, whyNot: error.message };
  }
}

/**
 * The library encodes what is between control tokens piece by piece. Of those, the ones whose first character is nowhere
 * else in any of them can be found from anywhere in a text: they never begin inside of another.
 */
function controlCuts({ added_tokens, normalizer }: Description): RegExp | undefined {
  const plain = added_tokens.filter((t) => t.content && !(normalizer && (t.normalized ?? !t.special)));
  const inside = new Set(plain.flatMap(({ content }) => [...content.slice(1)]));
  const trims = (content: string) => added_tokens.some((t) => t.lstrip && t.content.startsWith(content));
  const usable = plain.filter(({ content }) => !inside.has(content[0] as string) && !trims(content));
  // Spare tokens are in no chat template; thousands of them would make the search slow.
  const used = usable.filter(({ content }) => !/unused|reserved/i.test(content)).slice(0, MAX_CONTROLS);
  const some = used.map(({ content }) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return some.length > 0 ? new RegExp(some.join('|'), 'g') : undefined;
}

function wordCuts(
  { normalizer, pre_tokenizer, model, added_tokens }: Description,
  config: Readonly<Record<string, unknown>>,
): Pick<SafeCuts, 'words' | 'dropSpace'> {
  if (config.remove_space === true || config.do_lowercase_and_remove_accent === true)
    throw new Unsafe('tokenizer_config.json changes spaces or letters before the tokenizer');
  const form = normalForm(normalizer);
  const words = preTokenizerCuts(pre_tokenizer, form);
  for (const { content } of added_tokens) {
    const meetsCut = /[a-z] |^[a-z]|[a-z]$/.test(content) || content.search(ALL_WORDS) >= 0;
    if (meetsCut || (form.prepended && content.startsWith(' ')))
      throw new Unsafe(`the added token ${JSON.stringify(content)} looks like words`);
  }
  checkModel(model, words === undefined ? form.space : undefined);
  return { words: words ?? LATIN_WORDS, dropSpace: form.prepended };
}

/** What becomes of a space, and whether one is put before every text. */
interface NormalForm {
  space: string;
  prepended: boolean;
  /** Nothing but composed or not. */
  plain: boolean;
}

function normalForm(normalizer: Step | null | undefined): NormalForm {
  const form: NormalForm = { space: ' ', prepended: false, plain: true };
  let prefix = '';
  for (const each of flat(normalizer, 'normalizers')) {
    const { type, pattern, content, prepend } = each as Step & {
      pattern?: { String?: string };
      content?: string;
      prepend?: string;
    };
    if (type === 'NFC') continue;
    form.plain = false;
    if (/^(NFD|NFKC|NFKD|Lowercase|StripAccents|BertNormalizer)$/.test(type)) continue;
    const from = pattern?.String;
    if (type === 'Prepend' && typeof prepend === 'string') prefix += prepend;
    else if (type === 'Replace' && from === form.space && content) form.space = content;
    else if (type !== 'Replace' || from === undefined || /[a-z ]/.test(from) || from.includes(form.space))
      throw new Unsafe(`normalizer ${type} may look across words`);
  }
  if (prefix !== '' && prefix !== form.space) throw new Unsafe('the normalizer prepends more than a space');
  form.prepended = prefix !== '';
  return form;
}

/** Undefined when the pre-tokenizer leaves spaces to the model. */
function preTokenizerCuts(preTokenizer: Step | null | undefined, form: NormalForm): RegExp | undefined {
  const steps = flat(preTokenizer, 'pretokenizers');
  const [first] = steps;
  if (!first) return undefined;
  // Where every space was replaced, splitting at spaces does nothing.
  const atSpaces =
    first.type === 'Split' && (first as { pattern?: { String?: string } }).pattern?.String === ' ';
  if (atSpaces && steps.length === 1 && form.space !== ' ') return undefined;
  if (first.type === 'Metaspace') {
    const { replacement = '\u2581', str_rep } = first as Step & { replacement?: string; str_rep?: string };
    if (steps.length > 1 || form.prepended || (str_rep && str_rep !== replacement) || form.space !== ' ')
      throw new Unsafe('Metaspace with other steps');
    form.space = replacement;
    return undefined;
  }
  const patterns = steps.map(patternOf).filter((pattern) => pattern !== undefined);
  const judge = (lefts: readonly string[], rights: readonly string[]) => {
    const verdicts = patterns.map((pattern) =>
      pattern === SPLITS ? 'splits' : judgeSplitPattern(pattern, lefts, rights),
    );
    return verdicts.includes('splits') && !verdicts.includes(undefined);
  };
  const contextFree = form.plain && !patterns.includes(SPLITS) && !steps.some(addsSpace);
  if (contextFree && judge([...LATIN, ...EAST_ASIAN], [' ', ...EAST_ASIAN_STOPS])) return ALL_WORDS;
  if (form.space !== ' ') throw new Unsafe('a pre-tokenizer after spaces were replaced');
  if (judge(LATIN, [' '])) return LATIN_WORDS;
  throw new Unsafe('a pre-tokenizer whose pattern is not known to split between words');
}

/** In the place of a pattern: splits at every space. */
const SPLITS = Symbol('splits');
const addsSpace = (each: Step): boolean => each.add_prefix_space === true;

/** What a step splits by; undefined when it leaves boundaries as they are. */
function patternOf(each: Step): string | typeof SPLITS | undefined {
  const { type, use_regex, pattern, behavior, invert } = each as Step & {
    use_regex?: boolean;
    pattern?: { Regex?: string };
    behavior?: string;
    invert?: boolean;
  };
  if (type === 'ByteLevel') return (use_regex ?? true) ? GPT2_PATTERN : undefined;
  // The library's own name for it; runs of digits, and all the rest, never meet at a cut.
  if (type === 'Digits' || type === 'Punctuation') return undefined;
  if (/^(BertPreTokenizer|Whitespace|WhitespaceSplit)$/.test(type)) return SPLITS;
  const kept = behavior === 'Isolated' && invert === false;
  const onlyMatches = behavior === 'Removed' && invert === true;
  if (type === 'Split' && pattern?.Regex !== undefined && (kept || onlyMatches)) return pattern.Regex;
  throw new Unsafe(`pre-tokenizer ${type} may look across words`);
}

/** `space`: what the model sees in its place where it sees whole texts; absent where it sees single words. */
function checkModel(model: Description['model'], space: string | undefined): void {
  const { type, vocab } = model;
  if (type !== 'BPE' && type !== 'WordPiece') throw new Unsafe(`model ${type ?? 'unknown'}`);
  if (model.dropout) throw new Unsafe('BPE with dropout');
  const tokens = Object.keys(vocab as object);
  if (model.fuse_unk === true && model.unk_token != null) {
    const bytes = tokens.filter((token) => /^<0x[0-9A-F]{2}>$/.test(token)).length;
    if (!(model.byte_fallback === true && bytes === 256))
      throw new Unsafe('unknown tokens of neighbouring words become one');
  }
  if (space === undefined) return;
  if (type !== 'BPE' || model.ignore_merges === true || model.end_of_word_suffix)
    throw new Unsafe('a model that sees whole texts');
  const joined = tokens.find((token) => {
    const at = token.indexOf(space, 1);
    return at > 0 && LATIN.some((letter) => token.includes(letter + space));
  });
  const merges = z
    .array(z.union([z.string().transform((m) => m.split(' ')), z.array(z.string())]))
    .safeParse(model.merges);
  const merged = merges.data?.find(([left, right]) => /[a-z]$/.test(left ?? '') && right?.startsWith(space));
  if (joined !== undefined || merged !== undefined || !merges.success)
    throw new Unsafe(
      `the vocabulary joins words, as in ${JSON.stringify(joined ?? merged?.join('') ?? 'its merges').slice(0, 40)}`,
    );
}

/** The steps of a `Sequence`, or the one step. */
function flat(each: Step | null | undefined, list: string): Step[] {
  if (!each) return [];
  if (each.type !== 'Sequence') return [each];
  const steps = z.array(step).safeParse((each as Record<string, unknown>)[list]);
  if (!steps.success) throw new Unsafe('a sequence of unknown steps');
  return steps.data.flatMap((inner) => flat(inner, list));
}
