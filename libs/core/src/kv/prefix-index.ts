import { EngineSlots } from './engine-slots.js';
import { HolderCells, NONE } from './holder-cells.js';
import { grown, halves, KeyTable } from './key-table.js';
import { type StorageCells, StorageWalk } from './storage-walk.js';
import {
  type EngineHolders,
  type PrefixMatch,
  TIERS,
  type Tier,
  type TieredMatch,
  type TierKeys,
} from './types.js';

export interface PrefixIndexOptions {
  /** Most (block, engine) pairs kept; stores beyond it are refused and counted. Default 32 million (about 1.5 GiB). */
  readonly maxHolders?: number;
}

/** Cells of fenced engines that one mutation frees at least, so that garbage never outlives the traffic that follows it. */
const SWEEP_PER_CALL = 64;

/**
 * Which engine holds which block on which tier. Storing what is stored and removing what is absent change nothing, so a
 * repeated fact cannot inflate a holder; counting duplicates of one engine is `BlockLedger`'s work.
 * A lookup may miss a block, it never claims one that was removed or fenced.
 *
 * Storage (`isStorageHolder`) is stored like an engine, on lists of its own: `match` looks at engines only and costs the
 * same however much storage holds; `matchTiered` goes on in storage.
 */
export class PrefixIndex {
  private readonly table = new KeyTable(1024);
  private readonly cells = new HolderCells();
  private readonly slots = new EngineSlots();
  private holderHeads = new Uint32Array(1024);
  /** As `holderHeads`, of storage; empty until there is some. */
  private storageHeads = new Uint32Array(0);
  private storageWalk: StorageWalk | undefined;
  private readonly fenced: number[] = [];
  private readonly maxHolders: number;
  private refusedCount = 0;
  private depth = new Uint32Array(16);
  private tierCounts = new Uint32Array(16 * TIERS.length);

  constructor(options: PrefixIndexOptions = {}) {
    this.maxHolders = options.maxHolders ?? 32_000_000;
  }

  /** Distinct blocks, including those of fenced engines that are not swept yet. */
  get blocks(): number {
    return this.table.size;
  }

  /** (block, engine) pairs, including those of fenced engines that are not swept yet. */
  get holders(): number {
    return this.cells.count;
  }

  get capacityHolders(): number {
    return this.maxHolders;
  }

  /** Stores refused because the index was full. */
  get refused(): number {
    return this.refusedCount;
  }

  /** Memory of the arrays. */
  get bytes(): number {
    return this.table.bytes + this.cells.bytes + this.holderHeads.byteLength + this.storageHeads.byteLength;
  }

  /** Storage that holds anything, or did and was not cleared. */
  get storageHolders(): number {
    return this.slots.storageCount;
  }

  /** Engines and storage. */
  engines(): IterableIterator<string> {
    return this.slots.engines();
  }

  /** Blocks the engine holds on any tier. */
  blocksOf(engineId: string): number {
    const slot = this.slots.find(engineId);
    return slot === undefined ? 0 : this.slots.count(slot);
  }

  /** Says that the engine holds these blocks on the tier. Returns how many were refused for lack of room. */
  store(engineId: string, tier: Tier, keys: BigUint64Array): number {
    this.sweep(SWEEP_PER_CALL);
    const slot = this.slots.open(engineId);
    const bit = bitOf(tier);
    const words = halves(keys);
    let refused = 0;
    for (let i = 0; i < words.length; i += 2) {
      if (!this.storeOne(slot, bit, words[i] as number, words[i + 1] as number)) refused++;
    }
    this.refusedCount += refused;
    return refused;
  }

  /** Says that the engine no longer holds these blocks on the tier. */
  remove(engineId: string, tier: Tier, keys: BigUint64Array): void {
    this.sweep(SWEEP_PER_CALL);
    const slot = this.slots.find(engineId);
    if (slot === undefined) return;
    const bit = bitOf(tier);
    const words = halves(keys);
    for (let i = 0; i < words.length; i += 2) {
      const block = this.table.find(words[i] as number, words[i + 1] as number);
      if (block < 0) continue;
      let cell = this.headsFor(slot)[block] ?? NONE;
      while (cell !== NONE && this.cells.slot(cell) !== slot) cell = this.cells.nextHolder(cell);
      if (cell === NONE) continue;
      const left = this.cells.tiers(cell) & ~bit;
      if (left !== 0) this.cells.setTiers(cell, left);
      else this.drop(cell, slot);
    }
  }

  /** Forgets everything the engine holds, in constant time: the memory comes back over the next mutations. */
  clear(engineId: string): void {
    const slot = this.slots.find(engineId);
    if (slot === undefined) return;
    this.slots.retire(slot);
    this.fenced.push(slot);
  }

  /**
   * Longest run of blocks from the first on that each engine holds without a hole, counted by best tier.
   * With `engines`: one entry per given engine, in that order. Without: every engine that holds the first block.
   */
  match(keys: BigUint64Array, engines?: readonly string[]): PrefixMatch[] {
    this.walk(halves(keys));
    const matches: PrefixMatch[] = [];
    if (engines) {
      for (const engineId of engines) matches.push(this.takeMatch(engineId, this.slots.find(engineId)));
      this.depth.fill(0, 0, this.slots.bound);
      return matches;
    }
    for (let slot = 0; slot < this.slots.bound; slot++) {
      if ((this.depth[slot] as number) > 0) matches.push(this.takeMatch(this.slots.idOf(slot), slot));
    }
    this.depth.fill(0, 0, this.slots.bound);
    return matches;
  }

  /**
   * As `match` for the given engines; where an engine's own prefix ends, the contiguous run over what its holders have
   * (the best tier of any) is added. A block behind that end counts from storage only, as engines load it. One pass per
   * distinct set of holders that have any of the keys; as cheap as `match` while there is no storage.
   */
  matchTiered(keys: BigUint64Array, engines: readonly EngineHolders[]): TieredMatch[] {
    const words = halves(keys);
    this.walk(words);
    const matches = engines.map(({ engineId }): TieredMatch => {
      const match = this.takeMatch(engineId, this.slots.find(engineId));
      return { engineId, blocks: match.blocks, byTier: match.byTier, ownBlocks: match.blocks };
    });
    this.depth.fill(0, 0, this.slots.bound);
    if (this.slots.storageCount === 0) return matches;
    this.storageWalk ??= new StorageWalk();
    return this.storageWalk.extend(this.storageCells(), words, matches, engines);
  }

  /**
   * Keys that the holders have from block `from` on, without a hole and at most `limit`, by best tier: what `matchTiered`
   * counted behind an engine's own prefix.
   */
  storedBehind(keys: BigUint64Array, from: number, holders: readonly string[], limit: number): TierKeys[] {
    if (this.slots.storageCount === 0) return [];
    this.storageWalk ??= new StorageWalk();
    const tiers = this.storageWalk.tiersOf(this.storageCells(), halves(keys), from, holders, limit);
    return TIERS.map((tier, t) => ({
      tier,
      keys: keys.subarray(from, from + tiers.length).filter((_, i) => tiers[i] === t),
    })).filter((load) => load.keys.length > 0);
  }

  /** Engines and storage that hold the block, with a bit per tier (bit i = `TIERS[i]`). */
  holdersOf(key: bigint): Array<{ engineId: string; tierBits: number }> {
    const words = halves(new BigUint64Array([key]));
    const block = this.table.find(words[0] as number, words[1] as number);
    const found: Array<{ engineId: string; tierBits: number }> = [];
    if (block < 0) return found;
    for (const heads of [this.holderHeads, this.storageHeads]) {
      let cell = heads[block] ?? NONE;
      for (; cell !== NONE; cell = this.cells.nextHolder(cell)) {
        const slot = this.cells.slot(cell);
        if (this.slots.isAlive(slot))
          found.push({ engineId: this.slots.idOf(slot), tierBits: this.cells.tiers(cell) });
      }
    }
    return found;
  }

  /** Every block of the engine on the tier, in no order. */
  keysOf(engineId: string, tier: Tier): BigUint64Array {
    const slot = this.slots.find(engineId);
    if (slot === undefined) return new BigUint64Array(0);
    const bit = bitOf(tier);
    const keys = new BigUint64Array(this.slots.count(slot));
    const words = halves(keys);
    let found = 0;
    for (let cell = this.slots.head(slot); cell !== NONE; cell = this.cells.nextBlock(cell)) {
      if ((this.cells.tiers(cell) & bit) === 0) continue;
      const block = this.cells.block(cell);
      words[2 * found] = this.table.lowOf(block);
      words[2 * found + 1] = this.table.highOf(block);
      found++;
    }
    return keys.slice(0, found);
  }

  /** Frees up to `limit` cells of fenced engines; returns how many. Called by every mutation, and on idle if wanted. */
  sweep(limit: number): number {
    let freed = 0;
    while (freed < limit && this.fenced.length > 0) {
      const slot = this.fenced[this.fenced.length - 1] as number;
      const cell = this.slots.head(slot);
      if (cell === NONE) {
        this.fenced.pop();
        this.slots.recycle(slot);
        continue;
      }
      this.drop(cell, slot);
      freed++;
    }
    return freed;
  }

  private storeOne(slot: number, bit: number, low: number, high: number): boolean {
    const known = this.table.find(low, high);
    if (known >= 0) {
      for (let c = this.headsFor(slot)[known] ?? NONE; c !== NONE; c = this.cells.nextHolder(c)) {
        if (this.cells.slot(c) !== slot) continue;
        this.cells.setTiers(c, this.cells.tiers(c) | bit);
        return true;
      }
    }
    if (this.cells.count >= this.maxHolders && this.sweep(SWEEP_PER_CALL) === 0) return false;
    const block = this.table.add(low, high);
    this.holderHeads = grown(this.holderHeads, this.table.capacity);
    if (this.storageHeads.length > 0 || this.slots.isStorage(slot))
      this.storageHeads = grown(this.storageHeads, this.table.capacity);
    const heads = this.headsFor(slot);
    const cell = this.cells.add(block, slot, bit, heads[block] as number, this.slots.head(slot));
    heads[block] = cell;
    this.slots.setHead(slot, cell);
    this.slots.addCount(slot, 1);
    return true;
  }

  private drop(cell: number, slot: number): void {
    const block = this.cells.block(cell);
    const after = this.cells.nextHolder(cell);
    const heads = this.headsFor(slot);
    const first = heads[block] as number;
    if (first === cell) {
      heads[block] = after;
      if (this.holderHeads[block] === NONE && (this.storageHeads[block] ?? NONE) === NONE)
        this.table.delete(block);
    } else {
      let before = first;
      while (this.cells.nextHolder(before) !== cell) before = this.cells.nextHolder(before);
      this.cells.setNextHolder(before, after);
    }
    this.slots.setHead(slot, this.cells.release(cell, this.slots.head(slot)));
    this.slots.addCount(slot, -1);
  }

  private headsFor(slot: number): Uint32Array {
    return this.slots.isStorage(slot) ? this.storageHeads : this.holderHeads;
  }

  private storageCells(): StorageCells {
    return { table: this.table, cells: this.cells, slots: this.slots, heads: this.storageHeads };
  }

  /** Leaves in `depth` how many leading blocks each slot holds, and in `tierCounts` how many of them per best tier. */
  private walk(words: Uint32Array): void {
    this.depth = grown(this.depth, this.slots.bound);
    this.tierCounts = grown(this.tierCounts, this.slots.bound * TIERS.length);
    this.tierCounts.fill(0, 0, this.slots.bound * TIERS.length);
    for (let i = 0; 2 * i < words.length; i++) {
      const block = this.table.find(words[2 * i] as number, words[2 * i + 1] as number);
      if (block < 0) return;
      let advanced = false;
      for (let c = this.holderHeads[block] as number; c !== NONE; c = this.cells.nextHolder(c)) {
        const slot = this.cells.slot(c);
        if (this.depth[slot] !== i || !this.slots.isAlive(slot)) continue;
        this.depth[slot] = i + 1;
        const tier = 31 - Math.clz32(this.cells.tiers(c) & -this.cells.tiers(c));
        const at = slot * TIERS.length + tier;
        this.tierCounts[at] = (this.tierCounts[at] as number) + 1;
        advanced = true;
      }
      if (!advanced) return;
    }
  }

  private takeMatch(engineId: string, slot: number | undefined): PrefixMatch {
    if (slot === undefined) return { engineId, blocks: 0, byTier: TIERS.map(() => 0) };
    const from = slot * TIERS.length;
    return {
      engineId,
      blocks: this.depth[slot] as number,
      byTier: Array.from(this.tierCounts.subarray(from, from + TIERS.length)),
    };
  }
}

function bitOf(tier: Tier): number {
  return 1 << TIERS.indexOf(tier);
}
