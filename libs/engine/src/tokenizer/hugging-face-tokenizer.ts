import type { Template } from '@huggingface/jinja';
import type { Tokenizer as Library } from '@huggingface/tokenizers';
import type { ChunkedEncoder } from './chunked-encoder.js';
import { findSingleTokenWords, textOfWords } from './single-token-words.js';
import type {
  ChatMessage,
  ChatTemplateOptions,
  DecodeOptions,
  EncodeOptions,
  SingleTokenWords,
  Tokenizer,
} from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';

export interface HuggingFaceParts {
  /** Folder the parts came from, for messages. */
  readonly source: string;
  readonly codec: Library;
  readonly template: Template | undefined;
  /** For tokenizers that allow it: an encoder that remembers, and the special tokens it leaves out. */
  readonly chunked: { readonly encoder: ChunkedEncoder; readonly leading: readonly number[] } | undefined;
  /** Variables every template sees, such as `bos_token`. */
  readonly specialTokens: Readonly<Record<string, string>>;
}

/** A tokenizer in Hugging Face's format. */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly hasChatTemplate: boolean;
  readonly longestTokenChars: number;
  #words: SingleTokenWords | undefined;

  constructor(private readonly parts: HuggingFaceParts) {
    let largestId = -1;
    let longestTokenChars = 1;
    for (const [token, id] of parts.codec.get_vocab()) {
      if (id > largestId) largestId = id;
      if (token.length > longestTokenChars) longestTokenChars = token.length;
    }
    this.vocabularySize = largestId + 1;
    this.longestTokenChars = longestTokenChars;
    this.hasChatTemplate = parts.template !== undefined;
  }

  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    const { chunked } = this.parts;
    if (!chunked) return Uint32Array.from(this.#ids(text, options));
    const ids = chunked.encoder.encodeText(text);
    const { leading } = chunked;
    if (leading.length === 0 || !(options.addSpecialTokens ?? true)) return ids;
    const all = new Uint32Array(leading.length + ids.length);
    all.set(leading);
    all.set(ids, leading.length);
    return all;
  }

  countTokens(text: string, options: EncodeOptions = {}): number {
    return this.encode(text, options).length;
  }

  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const known: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (this.parts.codec.id_to_token(id) !== undefined) known.push(id);
    }
    // The library refuses an empty list.
    if (known.length === 0) return '';
    return this.parts.codec.decode(known, {
      skip_special_tokens: options.skipSpecialTokens ?? false,
      clean_up_tokenization_spaces: false,
    });
  }

  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    const { template, source, specialTokens } = this.parts;
    if (!template) {
      throw new TokenizerError(
        'template',
        `the tokenizer in ${source} has no chat template: add "chat_template" to tokenizer_config.json or send a plain prompt`,
      );
    }
    try {
      return template.render({
        ...specialTokens,
        ...options.variables,
        messages,
        tools: options.tools?.length ? options.tools : null,
        add_generation_prompt: options.addGenerationPrompt ?? true,
      });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TokenizerError('template', `the chat template refused the messages: ${why}`, { cause });
    }
  }

  encodeChat(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): Uint32Array {
    return this.encode(this.applyChatTemplate(messages, options), { addSpecialTokens: false });
  }

  words(): SingleTokenWords {
    if (!this.#words) {
      this.#words = findSingleTokenWords(this.parts.codec.get_vocab(), (text) =>
        this.#ids(text, { addSpecialTokens: false }),
      );
      if (this.#words.ids.length === 0) {
        throw new TokenizerError(
          'corrupt',
          `the tokenizer in ${this.parts.source} has no token that is a lower-case word on its own: choose another one for generated text`,
        );
      }
    }
    return this.#words;
  }

  textOfTokens(count: number, seed: number): string {
    return textOfWords(this.words(), count, seed);
  }

  #ids(text: string, options: EncodeOptions): number[] {
    return this.parts.codec.encode(text, { add_special_tokens: options.addSpecialTokens ?? true }).ids;
  }
}
