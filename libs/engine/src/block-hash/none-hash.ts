import { hash } from 'node:crypto';
import { encode } from 'cborg';

/** Seed vLLM (since 0.30) uses for cryptographic algorithms when `PYTHONHASHSEED` is not set. */
export const DEFAULT_HASH_SEED = 'vllm-none-hash';

/**
 * `NONE_HASH`: the parent of every first block, SHA-256 of the CBOR text of the seed (`init_none_hash`).
 *
 * @param seed the value of `PYTHONHASHSEED`, if the engine has one
 */
export function noneHash(seed: string = DEFAULT_HASH_SEED): Buffer {
  return hash('sha256', encode(seed), 'buffer');
}
