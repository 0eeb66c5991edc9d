import { hashLow64 } from '../../src/block-hash/hash-low64.js';
import { BlockHasher } from '../../src/block-hash/index.js';

const SEED = '0';

/** What an engine does to its cache, as the events that vLLM's structs describe, and what it then holds. */
export class EngineScript {
  /** Low 64 bits of every block held, by the tokens of the prompt that ends with it. */
  readonly held = new Map<string, bigint>();
  private readonly hasher: BlockHasher;

  constructor(
    readonly blockSize: number,
    /** Integers, as with `VLLM_KV_EVENTS_USE_INT_BLOCK_HASHES`, instead of digests. */
    private readonly asIntegers = false,
  ) {
    this.hasher = new BlockHasher({ blockSize, seed: SEED });
  }

  /** Stores the blocks of a prompt that are not held yet. */
  store(tokens: readonly number[]): object[] {
    const chain = this.chainOf(tokens);
    const first = chain.findIndex(({ prompt }) => !this.held.has(prompt));
    if (first < 0) return [];
    const added = chain.slice(first);
    for (const { prompt, digest } of added) this.held.set(prompt, hashLow64(digest));
    return [
      {
        type: 'BlockStored',
        block_hashes: added.map(({ digest }) => this.onWire(digest)),
        parent_block_hash: first === 0 ? null : this.onWire((chain[first - 1] as { digest: Buffer }).digest),
        token_ids: tokens.slice(first * this.blockSize, chain.length * this.blockSize),
        block_size: this.blockSize,
        lora_id: null,
        medium: 'GPU',
        lora_name: null,
      },
    ];
  }

  /** Evicts the last blocks of a prompt, which no other prompt goes on from. */
  evict(tokens: readonly number[], blocks: number): object[] {
    const gone = this.chainOf(tokens).slice(-blocks);
    for (const { prompt } of gone) this.held.delete(prompt);
    return [
      {
        type: 'BlockRemoved',
        block_hashes: gone.map(({ digest }) => this.onWire(digest)).reverse(),
        medium: 'GPU',
      },
    ];
  }

  clear(): object[] {
    this.held.clear();
    return [{ type: 'AllBlocksCleared' }];
  }

  private chainOf(tokens: readonly number[]): Array<{ prompt: string; digest: Buffer }> {
    const chain: Array<{ prompt: string; digest: Buffer }> = [];
    for (let end = this.blockSize; end <= tokens.length; end += this.blockSize) {
      const parent = chain.at(-1)?.digest ?? null;
      const digest = this.hasher.hashBlock(parent, tokens, end - this.blockSize);
      chain.push({ prompt: tokens.slice(0, end).join(' '), digest });
    }
    return chain;
  }

  private onWire(digest: Buffer): string {
    return this.asIntegers ? hashLow64(digest).toString() : digest.toString('hex');
  }
}
