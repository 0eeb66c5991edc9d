import xxhash from 'xxhash-wasm';
import type { KeyNamespace } from './types.js';

const { h64Raw } = await xxhash();
const utf8 = new TextEncoder();

/**
 * Root of a namespace's key chain: XXH64 (seed 0) over
 * `blockSize u32 LE`, then model, tenant, lora and cache salt in this order, each as `byte length u32 LE ‖ UTF-8`.
 * An absent field and an empty one are the same. Fields are length-prefixed, so no two namespaces share bytes.
 */
export function namespaceSeed(namespace: KeyNamespace): bigint {
  const { model, blockSize, tenant = '', lora = '', cacheSalt = '' } = namespace;
  if (!Number.isSafeInteger(blockSize) || blockSize < 1 || blockSize > 0xffffffff) {
    throw new RangeError(`namespaceSeed: block size ${blockSize} is not a positive 32-bit integer of tokens`);
  }
  const fields = [model, tenant, lora, cacheSalt].map((field) => utf8.encode(field));
  const bytes = new Uint8Array(4 + fields.reduce((sum, field) => sum + 4 + field.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, blockSize, true);
  let at = 4;
  for (const field of fields) {
    view.setUint32(at, field.length, true);
    bytes.set(field, at + 4);
    at += 4 + field.length;
  }
  return h64Raw(bytes, 0n);
}

/**
 * Keys of the full blocks of a prompt, chained: `key_i = XXH64(key_{i-1} u64 LE ‖ tokens u32 LE)`, seed 0, where
 * `key_{-1}` is `parent` when given (continuing a prompt) and else `seed`. A last partial block has no key.
 */
export function blockKeys(
  seed: bigint,
  tokens: ArrayLike<number>,
  blockSize: number,
  parent?: bigint,
): BigUint64Array {
  if (!Number.isSafeInteger(blockSize) || blockSize < 1) {
    throw new RangeError(`blockKeys: block size ${blockSize} is not a positive integer of tokens`);
  }
  const chain = new KeyChain(blockSize);
  const keys = new BigUint64Array(Math.floor(tokens.length / blockSize));
  let previous = parent ?? seed;
  for (let block = 0; block < keys.length; block++) {
    previous = chain.next(previous, tokens, block * blockSize);
    keys[block] = previous;
  }
  return keys;
}

/** One step of the chain with a buffer that is kept between blocks. */
export class KeyChain {
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly parent: BigUint64Array;

  constructor(private readonly blockSize: number) {
    const buffer = new ArrayBuffer(8 * Math.ceil((8 + 4 * blockSize) / 8));
    this.parent = new BigUint64Array(buffer, 0, 1);
    this.words = new Uint32Array(buffer, 8, blockSize);
    this.bytes = new Uint8Array(buffer, 0, 8 + 4 * blockSize);
  }

  /**
   * Key of the block at `tokens[from … from + blockSize)`. `extra` (multimodal items and the like) is appended to
   * the hashed bytes: such a block never equals one of plain tokens.
   */
  next(parent: bigint, tokens: ArrayLike<number>, from: number, extra?: Uint8Array): bigint {
    this.parent[0] = parent;
    for (let i = 0; i < this.blockSize; i++) this.words[i] = tokens[from + i] as number;
    if (!extra) return h64Raw(this.bytes, 0n);
    const longer = new Uint8Array(this.bytes.length + extra.length);
    longer.set(this.bytes);
    longer.set(extra, this.bytes.length);
    return h64Raw(longer, 0n);
  }
}
