import type { HolderChange } from '../tiering/index.js';

/** Nodes that a view can tell apart: two bits each and one for S3. */
const MAX_NODES = 15;
const S3_BIT = 30;

interface Batch {
  readonly visibleMs: number;
  readonly changes: readonly HolderChange[];
}

/**
 * What the router knows of storage: its announcements, `delayMs` after they were made. One bit per (chunk, place); a
 * chunk is known by the content id of its last block.
 */
export class StorageView {
  private readonly places: Uint32Array;
  private readonly pending: Batch[] = [];
  private head = 0;

  constructor(
    nodes: number,
    contentCount: number,
    private readonly delayMs: number,
    private readonly blocksPerChunk: number,
  ) {
    if (nodes > MAX_NODES) throw new Error(`StorageView: at most ${MAX_NODES} nodes, not ${nodes}`);
    this.places = new Uint32Array(contentCount);
  }

  publish(changes: readonly HolderChange[], nowMs: number): void {
    if (changes.length > 0) this.pending.push({ visibleMs: nowMs + this.delayMs, changes });
  }

  /** Applies what has become visible by `nowMs`. */
  advance(nowMs: number): void {
    const { pending, places } = this;
    while (this.head < pending.length && pending[this.head]!.visibleMs <= nowMs) {
      for (const { place, stored, removed } of pending[this.head++]!.changes) {
        const bit =
          1 << (place.tier === 's3' ? S3_BIT : 2 * Number(place.node) + (place.tier === 'ssd' ? 1 : 0));
        for (const key of stored) places[Number(key)]! |= bit;
        for (const key of removed) places[Number(key)]! &= ~bit;
      }
    }
    if (this.head > 4096) this.head -= pending.splice(0, this.head).length;
  }

  /**
   * Blocks behind the first `gpuBlocks` that a node's tiers and S3 have without a hole, by the nearest tier:
   * `[gpuBlocks, cpu, ssd, s3]`.
   */
  match(blocks: Int32Array, gpuBlocks: number, node: number): [number, number, number, number] {
    const { blocksPerChunk } = this;
    const byTier: [number, number, number, number] = [gpuBlocks, 0, 0, 0];
    let at = gpuBlocks;
    let end = (Math.floor(gpuBlocks / blocksPerChunk) + 1) * blocksPerChunk;
    for (; end <= blocks.length; end += blocksPerChunk) {
      const places = this.places[blocks[end - 1]!]!;
      const onNode = (places >>> (2 * node)) & 3;
      const tier = onNode & 1 ? 1 : onNode & 2 ? 2 : (places >>> S3_BIT) & 1 ? 3 : 0;
      if (tier === 0) break;
      byTier[tier] += end - at;
      at = end;
    }
    return byTier;
  }
}
