import { type BlockHasher, hashExtraKeys, type PromptIdentity } from '@penstock/engine';

export const DIGEST_BYTES = 32;

/**
 * The vLLM block hashes of one sequence, computed as its blocks fill, in one buffer. A block's content id, the
 * number the engine model works with, is the low 53 bits of its hash: with 10^5 blocks cached two different ones
 * share an id with a probability below 10^-6.
 */
export class BlockChain {
  private readonly digests: Buffer;
  private hashed = 0;

  /** `tokens` must be known for every block asked for; `capacityBlocks`: most blocks it will ever have. */
  constructor(
    private readonly hasher: BlockHasher,
    private readonly identity: PromptIdentity,
    private readonly tokens: ArrayLike<number>,
    capacityBlocks: number,
  ) {
    this.digests = Buffer.allocUnsafeSlow(capacityBlocks * DIGEST_BYTES);
  }

  /** Full hash of block `index`; a view that stays valid. */
  digest(index: number): Buffer {
    while (this.hashed <= index) this.hashNext();
    return this.digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }

  contentId(index: number): number {
    const digest = this.digest(index);
    return (digest[DIGEST_BYTES - 7]! & 0x1f) * 2 ** 48 + digest.readUIntBE(DIGEST_BYTES - 6, 6);
  }

  private hashNext(): void {
    const index = this.hashed;
    const at = index * DIGEST_BYTES;
    const digest = this.hasher.hashBlock(
      index === 0 ? null : this.digests.subarray(at - DIGEST_BYTES, at),
      this.tokens,
      index * this.hasher.blockSize,
      hashExtraKeys(this.identity, index, 'tagged'),
    );
    this.digests.set(digest, at);
    this.hashed++;
  }
}
