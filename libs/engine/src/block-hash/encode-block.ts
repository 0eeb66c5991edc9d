import { encode } from 'cborg';

/** One element of a block's extra keys; vLLM nests tuples, CBOR writes them as arrays. */
export type HashExtraKey = string | number | Uint8Array | null | readonly HashExtraKey[];

/**
 * The bytes vLLM hashes for one block: canonical CBOR of `(parent, (token, …), extra_keys or None)`
 * (`hash_block_tokens` in vLLM's `kv_cache_utils.py`). The plain way, by a CBOR library; `BlockHasher`
 * builds the same bytes faster and is tested against this.
 *
 * @param parent digest of the block before, or the hash of the seed for a first block
 * @param extraKeys null when the block has none
 */
export function encodeBlock(
  parent: Uint8Array,
  tokenIds: ArrayLike<number>,
  extraKeys: readonly HashExtraKey[] | null,
): Uint8Array {
  return encode([parent, Array.from(tokenIds), extraKeys]);
}
