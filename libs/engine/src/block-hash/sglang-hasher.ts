import { hash } from 'node:crypto';

const DIGEST_BYTES = 32;
const TOKEN_BYTES = 4;

/**
 * SGLang's block hashes (`get_hash_str` of its HiCache): SHA-256 over the digest of the block before, if there is one, and
 * the tokens as u32 little-endian. There is no seed, and nothing else is hashed.
 */
export class SglangHasher {
  private readonly buffer: Buffer;

  /** @param blockSize tokens per block (SGLang's page size) */
  constructor(readonly blockSize: number) {
    if (!Number.isInteger(blockSize) || blockSize < 1) {
      throw new RangeError(`blockSize must be a whole number of tokens of at least 1, got ${blockSize}`);
    }
    this.buffer = Buffer.alloc(DIGEST_BYTES + blockSize * TOKEN_BYTES);
  }

  /**
   * Digest of the block of `blockSize` tokens that begins at `tokenIds[start]`.
   *
   * @param parent digest of the block before; null for the first block of a prompt
   * @param tokenIds whole numbers 0 … 2^32-1
   */
  hashBlock(parent: Uint8Array | null, tokenIds: ArrayLike<number>, start = 0): Buffer {
    const { buffer, blockSize } = this;
    if (start < 0 || start + blockSize > tokenIds.length) {
      throw new RangeError(
        `block of ${blockSize} tokens at ${start} is outside the ${tokenIds.length} tokens given`,
      );
    }
    if (parent && parent.length !== DIGEST_BYTES) {
      throw new RangeError(`an SGLang parent digest has ${DIGEST_BYTES} bytes, got ${parent.length}`);
    }
    if (parent) buffer.set(parent);
    for (let i = 0; i < blockSize; i++) {
      const token = tokenIds[start + i] as number;
      if (token >>> 0 !== token) {
        throw new RangeError(`token ids are whole numbers from 0 to 4294967295, got ${token}`);
      }
      buffer.writeUInt32LE(token, DIGEST_BYTES + i * TOKEN_BYTES);
    }
    return hash('sha256', parent ? buffer : buffer.subarray(DIGEST_BYTES), 'buffer');
  }

  /** Digests of all full blocks of a prompt; the tail shorter than a block has none. */
  hashPrompt(tokenIds: ArrayLike<number>): Buffer[] {
    const digests: Buffer[] = [];
    for (let start = 0; start + this.blockSize <= tokenIds.length; start += this.blockSize) {
      digests.push(this.hashBlock(digests.at(-1) ?? null, tokenIds, start));
    }
    return digests;
  }
}

/** How SGLang names a block in its events: the first 8 bytes of its digest, big-endian and signed. */
export function sglangEventHash(digest: Uint8Array): bigint {
  return new DataView(digest.buffer, digest.byteOffset, 8).getBigInt64(0);
}
