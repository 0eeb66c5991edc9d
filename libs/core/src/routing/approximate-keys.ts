import { APPROXIMATE_BLOCK_TOKENS, APPROXIMATE_MAX_TOKENS } from './approximate-prefix-index.js';

/** Tokens that one key of `ApproximatePrefixIndex` stands for, where blocks have so many. */
export function tokensPerApproximateKey(blockSize: number): number {
  return Math.max(1, Math.ceil(APPROXIMATE_BLOCK_TOKENS / blockSize)) * blockSize;
}

/**
 * Keys for `ApproximatePrefixIndex` from chained 64-bit block keys: those at the end of every 64 tokens (every block
 * when blocks are larger), up to 131,072 tokens, cut to 52 bits so that they are exact JavaScript numbers.
 */
export function approximateKeys(blockKeys: BigUint64Array, blockSize: number): Float64Array {
  const stride = tokensPerApproximateKey(blockSize) / blockSize;
  const blocks = Math.min(blockKeys.length, Math.floor(APPROXIMATE_MAX_TOKENS / blockSize));
  const words = new Uint32Array(blockKeys.buffer, blockKeys.byteOffset, blockKeys.length * 2);
  const keys = new Float64Array(Math.floor(blocks / stride));
  for (let i = 0; i < keys.length; i++) {
    const block = (i + 1) * stride - 1;
    keys[i] = words[2 * block]! + (words[2 * block + 1]! & 0xfffff) * 4_294_967_296;
  }
  return keys;
}
