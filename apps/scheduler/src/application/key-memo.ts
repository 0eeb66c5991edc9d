import { blockKeys, type ChainPoint, type KeyList, promptBlocks } from '@penstock/core/kv';
import { LRUCache } from 'lru-cache';

/** Tokens of a segment, at least. */
const SEGMENT_TOKENS = 512;
const CAPACITY_BYTES = 32 * 1024 * 1024;
/** Of a block: its key, and its check bits. */
const BLOCK_BYTES = 12;
const SEGMENT_OVERHEAD_BYTES = 200;

/** Keys of the blocks of one segment. */
type Segment = Required<KeyList>;

/**
 * Block keys of prompts, segment by segment: one hash over a segment finds the keys of its blocks again, where a prompt
 * begins like an earlier one. As certain as the keys are themselves: a segment is found by a hash of 64 bits chained to
 * the last key before it.
 */
export class KeyMemo {
  /** Blocks whose keys were asked for, and those of them that had to be hashed. */
  readonly counts = { blocks: 0, newBlocks: 0 };
  private readonly segments: LRUCache<bigint, Segment>;

  constructor(capacityBytes = CAPACITY_BYTES) {
    this.segments = new LRUCache({
      maxSize: Math.max(1, capacityBytes),
      sizeCalculation: ({ keys }) => SEGMENT_OVERHEAD_BYTES + BLOCK_BYTES * keys.length,
    });
  }

  /**
   * `promptBlocks(root, tokens, blockSize)`.
   *
   * @param root of the namespace, with its check bits
   */
  keys(root: ChainPoint, tokens: Uint32Array, blockSize: number): Segment {
    const count = Math.floor(tokens.length / blockSize);
    const keys = new BigUint64Array(count);
    const checks = new Uint32Array(count);
    const blocksEach = Math.ceil(SEGMENT_TOKENS / blockSize);
    let point = root;
    let done = 0;
    while (done < count) {
      const blocks = Math.min(blocksEach, count - done);
      const part = tokens.subarray(done * blockSize, (done + blocks) * blockSize);
      // A last segment that is not full grows with the conversation: not worth remembering.
      const segment =
        blocks === blocksEach ? this.segment(point, part, blockSize) : hashed(point, part, blockSize);
      if (blocks < blocksEach) this.counts.newBlocks += blocks;
      keys.set(segment.keys, done);
      checks.set(segment.checks, done);
      done += blocks;
      point = { key: keys[done - 1] as bigint, check: checks[done - 1] as number };
    }
    this.counts.blocks += count;
    return { keys, checks };
  }

  private segment(point: ChainPoint, tokens: Uint32Array, blockSize: number): Segment {
    // The whole segment as one block.
    const id = blockKeys(point.key, tokens, tokens.length)[0] as bigint;
    let segment = this.segments.get(id);
    if (!segment) {
      segment = hashed(point, tokens, blockSize);
      this.counts.newBlocks += segment.keys.length;
      this.segments.set(id, segment);
    }
    return segment;
  }
}

function hashed(point: ChainPoint, tokens: Uint32Array, blockSize: number): Segment {
  const { keys, checks } = promptBlocks(point, tokens, blockSize);
  return { keys, checks: checks ?? new Uint32Array(keys.length) };
}
