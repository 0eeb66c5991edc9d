import type { Tokenizer as Library } from '@huggingface/tokenizers';
import type { ChatTemplate } from './chat-template.js';
import type { ChunkedEncoder } from './chunked-encoder.js';
import { findSingleTokenWords, textOfWords } from './single-token-words.js';
import type {
  ChatMessage,
  ChatTemplateOptions,
  DecodeOptions,
  EncodeOptions,
  EncodePlan,
  PrefixSharing,
  SingleTokenWords,
  Tokenizer,
} from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';

export interface HuggingFaceParts {
  /** Folder the parts came from, for messages. */
  readonly source: string;
  readonly codec: Library;
  readonly template: ChatTemplate | undefined;
  /** Remembers what it encoded; its texts have no special tokens around them. */
  readonly chunked: ChunkedEncoder;
  /** Ids of a part of a text, likewise. */
  readonly encodePart: (text: string) => Uint32Array;
  readonly sharing: PrefixSharing;
  /** Special tokens before and behind a text; undefined when there is more to it. */
  readonly around: { readonly leading: readonly number[]; readonly trailing: readonly number[] } | undefined;
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

  get sharing(): PrefixSharing {
    return this.parts.sharing;
  }

  get memo(): { readonly chars: number; readonly newChars: number } {
    return this.parts.chunked.counts;
  }

  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    return this.plan(text, options).finish();
  }

  plan(text: string, options: EncodeOptions = {}): EncodePlan {
    const { chunked, around, encodePart } = this.parts;
    const special = options.addSpecialTokens ?? true;
    if (special && !around) {
      const { length: newChars } = text;
      return { newChars, newParts: [], finish: () => Uint32Array.from(this.#ids(text, options)) };
    }
    const split = chunked.split(text);
    const unknown = split.chunks.filter(({ ids }) => !ids);
    return {
      newChars: split.newChars,
      newParts: unknown.map(({ toEncode }) => toEncode),
      finish: (encoded) => {
        if (encoded && encoded.length !== unknown.length)
          throw new RangeError(`${unknown.length} parts are to be encoded, got ${encoded.length}`);
        if (encoded) chunked.learnSoon(unknown, encoded);
        else for (const chunk of unknown) chunked.learn(chunk, encodePart(chunk.toEncode));
        const ids = chunked.join(split);
        return special && around ? surrounded(ids, around) : ids;
      },
    };
  }

  encodePart(text: string): Uint32Array {
    return this.parts.encodePart(text);
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
    const { template, source } = this.parts;
    if (!template) {
      throw new TokenizerError(
        'template',
        `the tokenizer in ${source} has no chat template: add "chat_template" to tokenizer_config.json or send a plain prompt`,
      );
    }
    try {
      return template.render(messages, options);
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

function surrounded(
  ids: Uint32Array,
  { leading, trailing }: { readonly leading: readonly number[]; readonly trailing: readonly number[] },
): Uint32Array {
  if (leading.length + trailing.length === 0) return ids;
  const all = new Uint32Array(leading.length + ids.length + trailing.length);
  all.set(leading);
  all.set(ids, leading.length);
  all.set(trailing, leading.length + ids.length);
  return all;
}
