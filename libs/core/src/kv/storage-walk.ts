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

/** Engines (by position) that name the same holders, by slot. */
interface Group {
  readonly slots: readonly number[];
  readonly members: number[];
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
    this.rowOfSlot = grown(this.rowOfSlot, storage.slots.bound);
    const groups = this.group(storage.slots, engines);
    const { rows, end } = this.mark(storage, words, matches, groups);
    const extended = [...matches];
    for (const [found, members] of this.regroup(groups)) {
      const from = members.reduce((least, e) => Math.min(least, (matches[e] as TieredMatch).ownBlocks), end);
      this.measureRuns(found.split(',').map(Number), from, end, words.length / 2);
      for (const e of members) {
        if ((matches[e] as TieredMatch).ownBlocks < end)
          extended[e] = this.extended(matches[e] as TieredMatch);
      }
    }
    for (const { slots } of groups) for (const slot of slots) this.rowOfSlot[slot] = 0;
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

  /**
   * Engines by the holders that they name, those without any that is there left out; the slots are marked as asked about.
   * Engines of one node often name them with one array, which is then looked at once.
   */
  private group(slots: EngineSlots, engines: readonly EngineHolders[]): Group[] {
    const groups = new Map<readonly string[], Group>();
    for (const [e, { holders }] of engines.entries()) {
      let group = groups.get(holders);
      if (!group) {
        const found = holders.map((holder) => slots.find(holder) ?? -1);
        group = { slots: found.filter((slot) => slot >= 0 && slots.isStorage(slot)), members: [] };
        for (const slot of group.slots) this.rowOfSlot[slot] = UNMARKED;
        groups.set(holders, group);
      }
      group.members.push(e);
    }
    return [...groups.values()].filter((group) => group.slots.length > 0);
  }

  /** Engines by the rows of their holders that have any of the keys: those of nodes that have none are together. */
  private regroup(groups: readonly Group[]): Map<string, number[]> {
    const byRows = new Map<string, number[]>();
    for (const { slots, members } of groups) {
      const rows = slots.map((slot) => this.rowOfSlot[slot] as number).filter((row) => row !== UNMARKED);
      if (rows.length === 0) continue;
      const together = byRows.get(rows.join());
      if (together) together.push(...members);
      else byRows.set(rows.join(), [...members]);
    }
    return byRows;
  }

  /**
   * Fills `marks` from where the shortest own prefix ends. Every block before the end of the longest one may begin an
   * engine's run, so only behind that a block that no storage has ends the walk.
   */
  private mark(
    { table, cells, heads }: StorageCells,
    words: Uint32Array,
    matches: readonly TieredMatch[],
    groups: readonly Group[],
  ): { rows: number; end: number } {
    const blocks = words.length / 2;
    let shortest = blocks;
    let longest = 0;
    for (const e of groups.flatMap(({ members }) => members)) {
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
