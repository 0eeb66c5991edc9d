import type { EngineProfile } from './engine-profile.js';

/** How one engine is configured. Names and defaults are vLLM's. */
export interface EngineOptions {
  readonly profile: EngineProfile;
  /** Tokens per KV block, default 16. */
  readonly blockSize?: number;
  /** KV blocks, default the profile's pool. */
  readonly blockCount?: number;
  /** Most tokens computed in one step (`max_num_batched_tokens`), default 8,192. */
  readonly maxBatchedTokens?: number;
  /** Most running sequences (`max_num_seqs`), default 256; at most `maxBatchedTokens`. */
  readonly maxSequences?: number;
  /** Whether outcomes carry `cacheEvents`, default true. */
  readonly reportCacheEvents?: boolean;
  /** Whether to load from the secondary cache only what is quicker to load than to compute, default true. */
  readonly loadGate?: boolean;
}
