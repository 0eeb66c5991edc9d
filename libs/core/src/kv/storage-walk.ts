import type { EngineSlots } from './engine-slots.js';
import { type HolderCells, NONE } from './holder-cells.js';
import { grown, type KeyTable } from './key-table.js';
import { type EngineHolders, TIERS, type TieredMatch } from './types.js';

const TIER_COUNT = TIERS.length;
/** Working memory above this is not kept between walks. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Where an index keeps what storage holds: per block a list of cells of its own. */
export interface StorageCells {
  readonly table: KeyTable;
  readonly cells: HolderCells;
  readonly slots: EngineSlots;
  readonly heads: Uint32Array;
}

/** Continues matches of engines in storage. Keeps its working memory between calls. */
export class StorageWalk {
  /** Row of a slot in `marks`, plus 1: 0 = not asked about, `UNMARKED` = asked about and nothing found yet. */
  private rowOfSlot = new Int32Array(16);
  /** One row per holder that has any of the keys, one column per block: best tier there plus 1, 0 = not there. */
  private marks = new Uint8Array(0);
  /** Blocks from here to the next hole, per best tier; `TIER_COUNT` values per block. */
  private runs = new Uint32Array(0);

  /** The matches, each with the run behind its own blocks; `words` are the halves of the keys. */
  extend(
    storage: StorageCells,
    words: Uint32Array,
    matches: readonly TieredMatch[],
    engines: readonly EngineHolders[],
  ): TieredMatch[] {
    const { slots } = storage;
    this.rowOfSlot = grown(this.rowOfSlot, slots.bound);
    const slotsOf = engines.map(({ holders }) => this.ask(slots, holders));
    const { rows, end } = this.mark(storage, words, matches, slotsOf);
    const groups = new Map<string, number[]>();
    for (let e = 0; rows > 0 && e < engines.length; e++) {
      const found = (slotsOf[e] as number[])
        .map((slot) => this.rowOfSlot[slot] as number)
        .filter((r) => r > 0);
      if (found.length === 0 || (matches[e] as TieredMatch).ownBlocks >= end) continue;
      const group = found.join();
      const members = groups.get(group);
      if (members) members.push(e);
      else groups.set(group, [e]);
    }
    const extended = [...matches];
    for (const [group, members] of groups) {
      const from = members.reduce((least, e) => Math.min(least, (matches[e] as TieredMatch).ownBlocks), end);
      this.measureRuns(group.split(',').map(Number), from, end, words.length / 2);
      for (const e of members) extended[e] = this.extended(matches[e] as TieredMatch);
    }
    for (const asked of slotsOf) for (const slot of asked) this.rowOfSlot[slot] = 0;
    if (this.marks.length > KEPT_BYTES) this.marks = new Uint8Array(0);
    else this.marks.fill(0, 0, (rows * words.length) / 2);
    return extended;
  }

  /** Best tier (index in `TIERS`) of each block from `from` on that the holders have, up to the first hole. */
  tiersOf(
    { table, cells, slots, heads }: StorageCells,
    words: Uint32Array,
    from: number,
    holders: readonly string[],
    limit: number,
  ): number[] {
    const asked = holders.map((holder) => slots.find(holder));
    const tiers: number[] = [];
    for (let i = from; 2 * i < words.length && tiers.length < limit; i++) {
      const block = table.find(words[2 * i] as number, words[2 * i + 1] as number);
      let bits = 0;
      for (let c = heads[block] ?? NONE; c !== NONE; c = cells.nextHolder(c)) {
        if (asked.includes(cells.slot(c))) bits |= cells.tiers(c);
      }
      if (bits === 0) break;
      tiers.push(bestTier(bits));
    }
    return tiers;
  }

  /** Marks the slots of the holders as asked about; returns those that are there. */
  private ask(slots: EngineSlots, holders: readonly string[]): number[] {
    const asked: number[] = [];
    for (const holder of holders) {
      const slot = slots.find(holder);
      if (slot === undefined || !slots.isStorage(slot)) continue;
      this.rowOfSlot[slot] = UNMARKED;
      asked.push(slot);
    }
    return asked;
  }

  /**
   * Fills `marks` from where the shortest own prefix ends. Every block before the end of the longest one may begin an
   * engine's run, so only behind that a block that no storage has ends the walk.
   */
  private mark(
    { table, cells, heads }: StorageCells,
    words: Uint32Array,
    matches: readonly TieredMatch[],
    slotsOf: readonly (readonly number[])[],
  ): { rows: number; end: number } {
    const blocks = words.length / 2;
    let shortest = blocks;
    let longest = 0;
    for (let e = 0; e < matches.length; e++) {
      if ((slotsOf[e] as number[]).length === 0) continue;
      const { ownBlocks } = matches[e] as TieredMatch;
      shortest = Math.min(shortest, ownBlocks);
      longest = Math.max(longest, ownBlocks);
    }
    let rows = 0;
    let i = shortest;
    for (; i < blocks; i++) {
      const block = table.find(words[2 * i] as number, words[2 * i + 1] as number);
      let found = false;
      for (let c = heads[block] ?? NONE; c !== NONE; c = cells.nextHolder(c)) {
        const slot = cells.slot(c);
        let row = this.rowOfSlot[slot] as number;
        if (row === 0) continue;
        if (row === UNMARKED) {
          row = ++rows;
          this.rowOfSlot[slot] = row;
          if (rows * blocks > this.marks.length) this.marks = grown(this.marks, 2 * rows * blocks);
        }
        this.marks[(row - 1) * blocks + i] = bestTier(cells.tiers(c)) + 1;
        found = true;
      }
      if (!found && i >= longest) break;
    }
    return { rows, end: i };
  }

  /** Fills `runs` for blocks `from` … `end` from the back: what a set of holders has together. */
  private measureRuns(rows: readonly number[], from: number, end: number, blocks: number): void {
    const { marks } = this;
    if (this.runs.length < (end + 1) * TIER_COUNT) this.runs = new Uint32Array((end + 1) * TIER_COUNT * 2);
    const { runs } = this;
    runs.fill(0, end * TIER_COUNT, (end + 1) * TIER_COUNT);
    for (let i = end - 1; i >= from; i--) {
      let best = 0;
      for (const row of rows) {
        const mark = marks[(row - 1) * blocks + i] as number;
        if (mark !== 0 && (best === 0 || mark < best)) best = mark;
      }
      const at = i * TIER_COUNT;
      for (let t = 0; t < TIER_COUNT; t++) {
        const behind = runs[at + TIER_COUNT + t] as number;
        runs[at + t] = best === 0 ? 0 : best === t + 1 ? behind + 1 : behind;
      }
    }
  }

  private extended({ engineId, blocks: ownBlocks, byTier: own }: TieredMatch): TieredMatch {
    const at = ownBlocks * TIER_COUNT;
    const byTier = own.map((count, tier) => count + (this.runs[at + tier] as number));
    return { engineId, blocks: byTier.reduce((sum, count) => sum + count, 0), byTier, ownBlocks };
  }
}

const UNMARKED = -1;

/** The lowest bit: tiers are numbered from the fastest on. */
function bestTier(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
