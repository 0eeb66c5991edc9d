import '@huggingface/tokenizers';

// The package's own declarations name these in files that the compiler does not find.
declare module '@huggingface/tokenizers' {
  export class SplitPreTokenizer {
    constructor(config: object);
    /** Null when the configuration has none that is known. */
    readonly pattern: RegExp | null;
    /** The pieces of a text, in order. */
    pre_tokenize_text(text: string): string[];
  }
}
