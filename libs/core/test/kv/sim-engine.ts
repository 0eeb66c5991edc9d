import { blockKeys, type EngineBatch, type EngineEvent, namespaceSeed } from '../../src/kv/index.js';
import { factBit } from './index-oracle.js';

export const MODEL = 'm';
export const CHAINS = 3;
export const DEPTH = 9;
const BLOCK_SIZE = 2;
/** Tokens of the sliding window of engines that have one: needs 3 blocks. */
const WINDOW_TOKENS = 7;
export const WINDOW_BLOCKS = 3;

/** Draws a whole number below `n`. */
export type Draw = (n: number) => number;

/** Groups of a block: the full-attention one, and the sliding-window one of hybrid engines. */
const FULL = 1;
const SLIDING = 2;

function tokensOf(chain: number, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => [chain + 1, from + i + 1]).flat();
}

/** Keys of each chain of blocks that engines hold parts of. */
export const CHAIN_KEYS = Array.from({ length: CHAINS }, (_, chain) =>
  blockKeys(namespaceSeed({ model: MODEL, blockSize: BLOCK_SIZE }), tokensOf(chain, 0, DEPTH), BLOCK_SIZE),
);

/** An engine with a true cache, its event batches and a replay buffer that reaches back to the start of its life. */
export class SimEngine {
  log: EngineBatch[] = [];
  /** What it held after the batch of this number, in each of its lives. */
  readonly history: Map<bigint, number>[][] = [];
  /** Per block (chain × depth) groups that hold it on the GPU. */
  private gpu = new Map<number, number>();
  private cpu = new Set<number>();
  private sliding = false;
  private life = 0;

  constructor(
    readonly id: string,
    readonly hybrid: boolean,
    private readonly draw: Draw,
  ) {}

  /** Facts by key, as an index has them when it knows everything. */
  facts(): { readonly blocks: Map<bigint, number>; readonly windowBlocks: number } {
    const blocks = new Map<bigint, number>();
    const add = (block: number, bits: number) => {
      const key = CHAIN_KEYS[Math.floor(block / DEPTH)]?.[block % DEPTH] as bigint;
      if (bits !== 0) blocks.set(key, (blocks.get(key) ?? 0) | bits);
    };
    for (const [block, groups] of this.gpu) {
      add(block, (groups & FULL) !== 0 ? factBit('gpu', false) : 0);
      add(block, (groups & SLIDING) !== 0 ? factBit('gpu', true) : 0);
    }
    for (const block of this.cpu) add(block, factBit('cpu', false));
    return { blocks, windowBlocks: this.sliding ? WINDOW_BLOCKS : 0 };
  }

  /** A new process: an empty cache, and numbers from 0. */
  restart(): void {
    this.log = [];
    this.gpu.clear();
    this.cpu.clear();
    this.sliding = false;
    this.life++;
  }

  /** Changes the cache and returns the batch that tells. */
  work(): EngineBatch {
    const events: EngineEvent[] = [];
    const kind = this.draw(20);
    if (this.log.length === 0 || kind < 9) this.storeRun(events);
    else if (kind < 13 && !this.hybrid) this.offload(events);
    else if (kind < 19) this.evict(events);
    else this.reset(events);
    const batch = { sequence: this.log.length, timestampMs: this.life * 1000 + this.log.length, events };
    this.log.push(batch);
    const lives = this.history[batch.sequence] ?? [];
    lives.push(this.facts().blocks);
    this.history[batch.sequence] = lives;
    return batch;
  }

  private storeRun(events: EngineEvent[]): void {
    const chain = this.draw(CHAINS);
    const starts = [0];
    for (let d = 1; d < DEPTH; d++) if (this.knows(chain * DEPTH + d - 1)) starts.push(d);
    const from = starts[this.draw(starts.length)] as number;
    const to = Math.min(DEPTH, from + 1 + this.draw(6));
    for (const group of this.hybrid ? [FULL, SLIDING] : [FULL]) {
      // Some of a prompt's blocks are outside the window already.
      const first = group === SLIDING ? from + this.draw(2) : from;
      for (let d = first; d < to; d++) this.store(events, chain, d, group);
    }
  }

  private store(events: EngineEvent[], chain: number, d: number, group: number): void {
    const block = chain * DEPTH + d;
    const groups = this.gpu.get(block) ?? 0;
    if ((groups & group) !== 0) return;
    this.gpu.set(block, groups | group);
    if (group === SLIDING) this.sliding = true;
    events.push({
      type: 'stored',
      hashes: [hashOf(block)],
      parent: d === 0 ? null : hashOf(block - 1),
      tokenIds: tokensOf(chain, d, 1),
      blockSize: BLOCK_SIZE,
      tier: 'gpu',
      ...(this.hybrid ? groupFields(group) : {}),
    });
  }

  private offload(events: EngineEvent[]): void {
    for (const block of this.gpu.keys()) {
      if (this.cpu.has(block) || this.draw(2) === 0) continue;
      this.cpu.add(block);
      const d = block % DEPTH;
      events.push({
        type: 'stored',
        hashes: [hashOf(block)],
        parent: d === 0 ? null : hashOf(block - 1),
        tokenIds: [],
        blockSize: 0,
        tier: 'cpu',
      });
    }
  }

  private evict(events: EngineEvent[]): void {
    for (const [block, groups] of [...this.gpu]) {
      if (this.draw(4) !== 0) continue;
      const group = this.hybrid && this.draw(2) === 0 ? groups & SLIDING || groups : groups & FULL || groups;
      const left = groups & ~group;
      if (left === 0) this.gpu.delete(block);
      else this.gpu.set(block, left);
      const index = this.hybrid ? { groupIdx: group === SLIDING ? 1 : 0 } : {};
      events.push({ type: 'removed', hashes: [hashOf(block)], tier: 'gpu', ...index });
    }
    for (const block of [...this.cpu]) {
      if (this.draw(4) !== 0) continue;
      this.cpu.delete(block);
      events.push({ type: 'removed', hashes: [hashOf(block)], tier: 'cpu' });
    }
  }

  private reset(events: EngineEvent[]): void {
    this.gpu.clear();
    this.cpu.clear();
    events.push({ type: 'cleared' });
  }

  private knows(block: number): boolean {
    return this.gpu.has(block) || this.cpu.has(block);
  }
}

function hashOf(block: number): bigint {
  return (BigInt(block + 1) * 0x9e3779b97f4a7c15n) % 2n ** 64n;
}

function groupFields(group: number) {
  return group === FULL
    ? { groupIdx: 0, specKind: 'full_attention' }
    : { groupIdx: 1, specKind: 'sliding_window', slidingWindow: WINDOW_TOKENS };
}
