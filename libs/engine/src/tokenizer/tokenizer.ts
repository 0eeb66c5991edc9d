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

  encode(text: string, options?: EncodeOptions): Uint32Array;
  /** Unknown ids decode to nothing; bytes that are no UTF-8 to U+FFFD. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
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
