/** One message of a chat, as OpenAI's API and chat templates know it. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | null | ReadonlyArray<{ readonly type: string; readonly text?: string }>;
  readonly [field: string]: unknown;
}

export interface ChatTemplateOptions {
  /** Ends the text with the header of the answer to come; default true. */
  readonly addGenerationPrompt?: boolean;
  /** Functions the model may call, in OpenAI's shape. */
  readonly tools?: readonly unknown[];
  /** Further variables of the template (vLLM's `chat_template_kwargs`). */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface EncodeOptions {
  /** Adds what the model puts around a text, such as a begin-of-text token; default true. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leaves control tokens such as `<|im_end|>` out of the text; default false. */
  readonly skipSpecialTokens?: boolean;
}

/** Words that are one token each wherever they stand: any sequence of them encodes to exactly itself. */
export interface SingleTokenWords {
  /** Token ids, ascending. */
  readonly ids: Uint32Array;
  /** `texts[i]` is what `ids[i]` decodes to: a space and lower-case ASCII letters. */
  readonly texts: readonly string[];
}

/** A text that is about to be encoded: what is remembered of it is there already. */
export interface EncodePlan {
  /** Characters that were not seen before. */
  readonly newChars: number;
  /** What they are to be encoded as, part by part; `Tokenizer.encodePart`, in any thread, gives their ids. */
  readonly newParts: readonly string[];
  /**
   * Ids of the whole text. `encoded[i]` are the ids of `newParts[i]`; without them they are encoded here.
   *
   * @throws RangeError when there are not as many as new parts
   */
  finish(encoded?: ReadonlyArray<ArrayLike<number>>): Uint32Array;
}

/** How texts that begin alike share work. */
export interface PrefixSharing {
  /**
   * `words`: cut between words and before control tokens; `controls`: before control tokens only, so a message of a chat
   * is the smallest part; `none`: only whole texts are remembered.
   */
  readonly cuts: 'words' | 'controls' | 'none';
  /** Why texts are not cut between words. */
  readonly whyNot?: string;
}

/** A model's tokenizer and chat template. Methods are synchronous and deterministic. */
export interface Tokenizer {
  /** Ids are 0 ≤ id < vocabularySize. */
  readonly vocabularySize: number;
  readonly hasChatTemplate: boolean;
  /**
   * Characters (UTF-16 units) of the longest token: a text longer than n times this has more than n tokens.
   * Encoding costs some 0.5 µs per character, so refuse what cannot fit before encoding it.
   */
  readonly longestTokenChars: number;
  readonly sharing: PrefixSharing;
  /** Characters of texts that were encoded, and those of them that had to be: the rest was remembered. */
  readonly memo: { readonly chars: number; readonly newChars: number };

  encode(text: string, options?: EncodeOptions): Uint32Array;
  /** Unknown ids decode to nothing; bytes that are no UTF-8 to U+FFFD. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** `encode` in two steps, so that the long part can be done in another thread. */
  plan(text: string, options?: EncodeOptions): EncodePlan;
  /** Ids of a part of a plan. */
  encodePart(text: string): Uint32Array;
  countTokens(text: string, options?: EncodeOptions): number;

  /** Text the model would see. Throws TokenizerError `template` when there is no template or it refuses. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string;
  /** Token ids of `applyChatTemplate`; the template brings its own special tokens. */
  encodeChat(messages: readonly ChatMessage[], options?: ChatTemplateOptions): Uint32Array;

  /** Found once, on first use (tens of milliseconds). Throws TokenizerError when the vocabulary has none. */
  words(): SingleTokenWords;
  /**
   * Text of exactly `count` tokens (special tokens not counted), the same for the same seed. Texts may be
   * joined: the counts add up.
   */
  textOfTokens(count: number, seed: number): string;
}
