export { BUILT_IN_TOKENIZER_DIR, type LoadOptions, loadTokenizer } from './load-tokenizer.js';
export type {
  ChatMessage,
  ChatTemplateOptions,
  DecodeOptions,
  EncodeOptions,
  EncodePlan,
  PrefixSharing,
  SingleTokenWords,
  Tokenizer,
} from './tokenizer.js';
export { TokenizerError } from './tokenizer-error.js';
