import { hash } from 'node:crypto';
import { encode } from 'cborg';
import type { HashExtraKey } from './encode-block.js';
import { type ExtraKeyFormat, hashExtraKeys, type PromptIdentity } from './extra-keys.js';
import { noneHash } from './none-hash.js';

export interface BlockHasherOptions {
  /** Tokens per block. */
  readonly blockSize: number;
  /** Value of the engine's `PYTHONHASHSEED`; vLLM's constant when absent. */
  readonly seed?: string;
  /** Default `tagged` (vLLM 0.31 and later). */
  readonly extraKeyFormat?: ExtraKeyFormat;
}

const DIGEST_BYTES = 32;
const MAX_TOKEN_BYTES = 5;
const MAX_ARRAY_HEAD_BYTES = 5;
const CBOR_ARRAY = 0x80;
const CBOR_ARRAY_OF_3 = 0x83;
const CBOR_BYTES_OF_U8_LENGTH = 0x58;
const CBOR_NULL = 0xf6;
/** Array of three, then a 32-byte string: the same 3 bytes before every parent digest. */
const PARENT_AT = 3;
const TOKENS_AT = PARENT_AT + DIGEST_BYTES;

/**
 * vLLM's `sha256_cbor` block hashes, chained from block to block.
 *
 * Writes the CBOR of a block into one reused buffer instead of going through a CBOR library (identical
 * bytes by test), because an engine simulator hashes tens of thousands of blocks per second. Not
 * reentrant, which does not matter to synchronous code.
 */
export class BlockHasher {
  readonly blockSize: number;
  readonly noneHash: Buffer;
  private readonly extraKeyFormat: ExtraKeyFormat;
  private readonly buffer: Buffer;

  constructor(options: BlockHasherOptions) {
    if (!Number.isInteger(options.blockSize) || options.blockSize < 1) {
      throw new RangeError(
        `blockSize must be a whole number of tokens of at least 1, got ${options.blockSize}`,
      );
    }
    this.blockSize = options.blockSize;
    this.noneHash = noneHash(options.seed);
    this.extraKeyFormat = options.extraKeyFormat ?? 'tagged';
    this.buffer = Buffer.alloc(TOKENS_AT + MAX_ARRAY_HEAD_BYTES + this.blockSize * MAX_TOKEN_BYTES + 1);
    this.buffer[0] = CBOR_ARRAY_OF_3;
    this.buffer[1] = CBOR_BYTES_OF_U8_LENGTH;
    this.buffer[2] = DIGEST_BYTES;
  }

  /**
   * Digest of the block of `blockSize` tokens that begins at `tokenIds[start]`.
   *
   * @param parent digest of the block before; null for the first block of a prompt
   * @param tokenIds whole numbers 0 … 2^32-1
   */
  hashBlock(
    parent: Uint8Array | null,
    tokenIds: ArrayLike<number>,
    start = 0,
    extraKeys: readonly HashExtraKey[] | null = null,
  ): Buffer {
    if (start < 0 || start + this.blockSize > tokenIds.length) {
      throw new RangeError(
        `block of ${this.blockSize} tokens at ${start} is outside the ${tokenIds.length} tokens given`,
      );
    }
    const end = this.writeBlock(parent ?? this.noneHash, tokenIds, start);
    if (extraKeys === null) {
      this.buffer[end] = CBOR_NULL;
      return hash('sha256', this.buffer.subarray(0, end + 1), 'buffer');
    }
    return hash('sha256', Buffer.concat([this.buffer.subarray(0, end), encode(extraKeys)]), 'buffer');
  }

  /**
   * Digests of all full blocks of a prompt; the tail shorter than a block has none.
   *
   * @param known digests of the first blocks when they are known already (a sequence that grew)
   */
  hashPrompt(
    tokenIds: ArrayLike<number>,
    identity: PromptIdentity = {},
    known: readonly Buffer[] = [],
  ): Buffer[] {
    const digests = known.slice();
    const first = hashExtraKeys(identity, 0, this.extraKeyFormat);
    const later = hashExtraKeys(identity, 1, this.extraKeyFormat);
    const blocks = Math.floor(tokenIds.length / this.blockSize);
    for (let i = digests.length; i < blocks; i++) {
      digests.push(
        this.hashBlock(digests[i - 1] ?? null, tokenIds, i * this.blockSize, i === 0 ? first : later),
      );
    }
    return digests;
  }

  /** Writes parent and tokens; returns where the extra keys begin. */
  private writeBlock(parent: Uint8Array, tokenIds: ArrayLike<number>, start: number): number {
    if (parent.length !== DIGEST_BYTES) {
      throw new RangeError(`a sha256_cbor parent digest has ${DIGEST_BYTES} bytes, got ${parent.length}`);
    }
    const { buffer } = this;
    buffer.set(parent, PARENT_AT);
    let at = this.writeHead(TOKENS_AT, CBOR_ARRAY, this.blockSize);
    const end = start + this.blockSize;
    for (let i = start; i < end; i++) {
      at = this.writeHead(at, 0, tokenIds[i] as number);
    }
    return at;
  }

  /** CBOR head (RFC 8949 §3.1) in its shortest form: major type bits, then a value below 2^32. */
  private writeHead(at: number, major: number, value: number): number {
    const { buffer } = this;
    if (value >>> 0 !== value) {
      throw new RangeError(`token ids are whole numbers from 0 to 4294967295, got ${value}`);
    }
    if (value < 24) {
      buffer[at] = major | value;
      return at + 1;
    }
    if (value < 0x100) {
      buffer[at] = major | 24;
      buffer[at + 1] = value;
      return at + 2;
    }
    if (value < 0x10000) {
      buffer[at] = major | 25;
      buffer[at + 1] = value >>> 8;
      buffer[at + 2] = value;
      return at + 3;
    }
    buffer[at] = major | 26;
    buffer[at + 1] = value >>> 24;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 8;
    buffer[at + 4] = value;
    return at + 5;
  }
}
