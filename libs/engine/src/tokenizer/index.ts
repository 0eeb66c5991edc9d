export { BUILT_IN_TOKENIZER_DIR, loadTokenizer } from './load-tokenizer.js';
export type {
  ChatMessage,
  ChatTemplateOptions,
  DecodeOptions,
  EncodeOptions,
  SingleTokenWords,
  Tokenizer,
} from './tokenizer.js';
export { TokenizerError } from './tokenizer-error.js';
