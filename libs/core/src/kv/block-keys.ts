import xxhash from 'xxhash-wasm';
import type { KeyList, KeyNamespace } from './types.js';

const { h32Raw, h64Raw } = await xxhash();
const utf8 = new TextEncoder();

/** A place in a key chain: the key of a block or the root of a namespace, with its check bits (0 = not known). */
export interface ChainPoint {
  readonly key: bigint;
  readonly check: number;
}

/**
 * Root of a namespace's key chain: XXH64 (seed 0), and as check bits XXH32 (seed 0), over
 * `blockSize u32 LE`, then model, tenant, lora and cache salt in this order, each as `byte length u32 LE ‖ UTF-8`.
 * An absent field and an empty one are the same. Fields are length-prefixed, so no two namespaces share bytes.
 */
export function namespaceRoot(namespace: KeyNamespace): ChainPoint {
  const bytes = namespaceBytes(namespace);
  return { key: h64Raw(bytes, 0n), check: known(h32Raw(bytes, 0)) };
}

/** The key of `namespaceRoot`. */
export function namespaceSeed(namespace: KeyNamespace): bigint {
  return h64Raw(namespaceBytes(namespace), 0n);
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
  return promptBlocks({ key: parent ?? seed, check: 0 }, tokens, blockSize).keys;
}

/**
 * `blockKeys` with check bits: `check_i = XXH32(seed check_{i-1}, tokens u32 LE)`. After a parent whose check bits are
 * not known no block has any, and `checks` is absent.
 *
 * @param root of the prompt's namespace
 * @param parent block before the first token, when this continues a prompt
 * @param extras per block what it contains besides its tokens, from `encodeExtraKeys` or `promptExtras`
 */
export function promptBlocks(
  root: ChainPoint,
  tokens: ArrayLike<number>,
  blockSize: number,
  parent: ChainPoint = root,
  extras: ReadonlyArray<Uint8Array | undefined> = [],
): KeyList {
  if (!Number.isSafeInteger(blockSize) || blockSize < 1) {
    throw new RangeError(`promptBlocks: block size ${blockSize} is not a positive integer of tokens`);
  }
  const chain = new KeyChain(blockSize);
  const keys = new BigUint64Array(Math.floor(tokens.length / blockSize));
  const checks = parent.check === 0 ? undefined : new Uint32Array(keys.length);
  let { key, check } = parent;
  for (let block = 0; block < keys.length; block++) {
    key = chain.next(key, tokens, block * blockSize, extras[block], check);
    check = chain.check;
    keys[block] = key;
    if (checks) checks[block] = check;
  }
  return checks ? { keys, checks } : { keys };
}

/** One step of the chain with a buffer that is kept between blocks. */
export class KeyChain {
  /** Check bits of the block hashed last; 0 when its parent's were not known. */
  check = 0;
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly tokenBytes: Uint8Array;
  private readonly parent: BigUint64Array;

  constructor(private readonly blockSize: number) {
    const buffer = new ArrayBuffer(8 * Math.ceil((PARENT_BYTES + 4 * blockSize) / 8));
    this.parent = new BigUint64Array(buffer, 0, 1);
    this.words = new Uint32Array(buffer, PARENT_BYTES, blockSize);
    this.bytes = new Uint8Array(buffer, 0, PARENT_BYTES + 4 * blockSize);
    this.tokenBytes = this.bytes.subarray(PARENT_BYTES);
  }

  /**
   * Key of the block at `tokens[from … from + blockSize)`; its check bits are then in `check`. `extra` (multimodal items
   * and the like) is appended to the hashed bytes: such a block never equals one of plain tokens.
   */
  next(
    parent: bigint,
    tokens: ArrayLike<number>,
    from: number,
    extra?: Uint8Array,
    parentCheck: number = 0,
  ): bigint {
    const { words, blockSize } = this;
    this.parent[0] = parent;
    for (let i = 0; i < blockSize; i++) words[i] = tokens[from + i] as number;
    if (extra) return this.hash(...this.appended(extra), parentCheck);
    return this.hash(this.bytes, this.tokenBytes, parentCheck);
  }

  private hash(bytes: Uint8Array, content: Uint8Array, parentCheck: number): bigint {
    this.check = parentCheck === 0 ? 0 : known(h32Raw(content, parentCheck));
    return h64Raw(bytes, 0n);
  }

  private appended(extra: Uint8Array): [Uint8Array, Uint8Array] {
    const longer = new Uint8Array(this.bytes.length + extra.length);
    longer.set(this.bytes);
    longer.set(extra, this.bytes.length);
    return [longer, longer.subarray(PARENT_BYTES)];
  }
}

const PARENT_BYTES = 8;

function namespaceBytes(namespace: KeyNamespace): Uint8Array {
  const { model, blockSize, tenant = '', lora = '', cacheSalt = '' } = namespace;
  if (!Number.isSafeInteger(blockSize) || blockSize < 1 || blockSize > 0xffffffff) {
    throw new RangeError(`namespaceRoot: block size ${blockSize} is not a positive 32-bit integer of tokens`);
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
  return bytes;
}

/** 0 means that check bits are not known, so no block has it as its own. */
function known(hash: number): number {
  return hash === 0 ? 1 : hash;
}
