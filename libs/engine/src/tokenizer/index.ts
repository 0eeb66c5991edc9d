export { type DownloadOptions, downloadTokenizer } from './download-tokenizer.js';
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
export { TokenizerError, type TokenizerErrorReason } from './tokenizer-error.js';
export { findTokenizerFolder, isRepositoryName, tokenizerSource } from './tokenizer-folder.js';
export { type TokenizerSource, TokenizerWorkers } from './tokenizer-workers.js';
