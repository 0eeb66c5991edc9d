import type { BlockPool } from './block-pool.js';
import type { Sequence } from './sequence.js';

/** How the head of the queue can be admitted now. `hits` is reused by the next call. */
export interface AdmissionPlan {
  readonly hits: Int32Array;
  readonly hitBlocks: number;
  /** Tokens of the first chunk. */
  readonly tokens: number;
  /** Blocks the sequence has after that chunk is allocated. */
  readonly totalBlocks: number;
}

/**
 * Finds the cached prefix of a waiting sequence and whether all its known tokens fit in the pool. Like vLLM
 * (`scheduler_reserve_full_isl`, on by default) a prompt is not begun when only its first chunk has room.
 */
export class PrefixLookup {
  private hits = new Int32Array(1024);
  /** The last sequence that did not fit, and why: most steps of a full engine ask again in vain. */
  private blocked: { sequence: Sequence; hitBlocks: number; heldHits: number; takeovers: number } | undefined;

  constructor(
    private readonly pool: BlockPool,
    private readonly blockSize: number,
  ) {}

  /** Undefined when the pool has not enough free blocks. The first chunk has at most `budget` tokens. */
  plan(sequence: Sequence, budget: number): AdmissionPlan | undefined {
    if (this.stillBlocked(sequence)) return undefined;
    const { pool, blockSize } = this;
    const total = sequence.knownTokens;
    // The last token is always computed, since its output is what generates the next one.
    const limit = Math.floor((total - 1) / blockSize);
    if (limit > this.hits.length) this.hits = new Int32Array(limit * 2);
    const { hits } = this;
    let hitBlocks = 0;
    let heldHits = 0;
    while (hitBlocks < limit) {
      const block = pool.find(sequence.contentOf(hitBlocks));
      if (block === -1) break;
      hits[hitBlocks++] = block;
      if (pool.isReferenced(block)) heldHits++;
    }
    // Hits that nobody holds leave the free list too.
    if (Math.ceil(total / blockSize) - heldHits > pool.freeCount) {
      this.blocked = { sequence, hitBlocks, heldHits, takeovers: pool.takeovers };
      return undefined;
    }
    this.blocked = undefined;
    const computed = hitBlocks * blockSize;
    const tokens = Math.min(total - computed, budget);
    const totalBlocks = Math.ceil((computed + tokens) / blockSize);
    return { hits, hitBlocks, tokens, totalBlocks };
  }

  /**
   * Whether the last failure holds without looking up again. While the head waits nobody is admitted, so hits
   * are not acquired and only shrink, unless the first missing block appears, or a copy that nobody holds goes and
   * one that somebody holds takes its place.
   */
  private stillBlocked(sequence: Sequence): boolean {
    const { blocked } = this;
    if (blocked?.sequence !== sequence || blocked.takeovers !== this.pool.takeovers) return false;
    const total = sequence.knownTokens;
    const limit = Math.floor((total - 1) / this.blockSize);
    if (blocked.hitBlocks < limit && this.pool.find(sequence.contentOf(blocked.hitBlocks)) !== -1)
      return false;
    return Math.ceil(total / this.blockSize) - blocked.heldHits > this.pool.freeCount;
  }
}
