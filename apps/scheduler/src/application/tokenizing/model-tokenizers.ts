import type { Tokenizer, TokenizerSource } from '@penstock/engine';

/** A tokenizer that is in memory. */
export interface LoadedTokenizer {
  readonly tokenizer: Tokenizer;
  readonly source: TokenizerSource;
  /** Where it is from: the model's folder, its repository, or what models without their own get. */
  readonly origin: 'folder' | 'repository' | 'default';
}

/** Tokenizers by model: answers from memory. */
export interface ModelTokenizers {
  /** Undefined while it is not loaded, or could not be. */
  of(model: string): LoadedTokenizer | undefined;
}
