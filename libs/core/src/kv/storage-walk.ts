import type { ArenaColumns } from './arena/arena-columns.js';
import type { BlockRows } from './arena/block-rows.js';
import { touch } from './arena/coldest-blocks.js';
import type { EngineNames } from './arena/engine-names.js';
import { holderBits } from './arena/holder-bits.js';
import {
  CELL_CHAIN,
  CELL_HOLDER,
  CELL_WORDS,
  DENSE_BITS,
  DENSE_FLAG,
  DENSE_PLANES,
  DENSE_WORDS,
  PLANE_WORDS,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
  SLOTS_USED,
} from './arena/layout.js';
import { bestTier } from './arena/prefix-walk.js';
import { isStorageHolder } from './holders.js';
import { grown } from './key-table.js';
import { type EngineHolders, TIERS, type TieredMatch } from './types.js';

const TIER_COUNT = TIERS.length;
/** Working memory above this is not kept between walks. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** Keys looked up at once. */
const CHUNK = 64;

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
  /** Blocks of the keys. */
  private blockOf = new Uint32Array(64);
  /** Rows of `marks` in use. */
  private rows = 0;

  constructor(
    private readonly columns: ArenaColumns,
    private readonly names: EngineNames,
    private readonly blockRows: BlockRows,
  ) {}

  /** The matches, each with the run behind its own blocks; `words` are the halves of the keys. */
  extend(
    words: Uint32Array,
    checks: Uint32Array | undefined,
    matches: readonly TieredMatch[],
    engines: readonly EngineHolders[],
  ): TieredMatch[] {
    this.rowOfSlot = grown(this.rowOfSlot, this.columns.control[SLOTS_USED] as number);
    const groups = this.group(engines);
    const end = this.mark(words, checks, matches, groups);
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
    else this.marks.fill(0, 0, (this.rows * words.length) / 2);
    return extended;
  }

  /** Best tier (index in `TIERS`) of each block from `from` on that the holders have, up to the first hole. */
  tiersOf(
    words: Uint32Array,
    checks: Uint32Array | undefined,
    from: number,
    holders: readonly string[],
    limit: number,
  ): number[] {
    const asked = holders.map((holder) => this.names.slotOf(holder)).filter((slot) => slot >= 0);
    const tiers: number[] = [];
    const end = Math.min(words.length / 2, from + limit);
    this.blockOf = grown(this.blockOf, words.length / 2);
    if (from < end) this.blockRows.findMany(words, checks, from, end, this.blockOf);
    for (let i = from; i < end; i++) {
      const block = this.blockOf[i] as number;
      let bits = 0;
      if (block !== 0) for (const slot of asked) bits |= holderBits(this.columns, block, slot);
      if ((bits & DENSE_BITS) === 0) break;
      touch(this.columns, block);
      tiers.push(bestTier(bits & DENSE_BITS));
    }
    return tiers;
  }

  /**
   * Engines by the holders that they name, those without any that is there left out; the slots are marked as asked about.
   * Engines of one node often name them with one array, which is then looked at once.
   */
  private group(engines: readonly EngineHolders[]): Group[] {
    const groups = new Map<readonly string[], Group>();
    for (const [e, { holders }] of engines.entries()) {
      let group = groups.get(holders);
      if (!group) {
        group = { slots: this.slotsOf(holders), members: [] };
        for (const slot of group.slots) this.rowOfSlot[slot] = UNMARKED;
        groups.set(holders, group);
      }
      group.members.push(e);
    }
    return [...groups.values()].filter((group) => group.slots.length > 0);
  }

  private slotsOf(holders: readonly string[]): number[] {
    const slots: number[] = [];
    for (const holder of holders) {
      const slot = isStorageHolder(holder) ? this.names.slotOf(holder) : -1;
      if (slot >= 0) slots.push(slot);
    }
    return slots;
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
    words: Uint32Array,
    checks: Uint32Array | undefined,
    matches: readonly TieredMatch[],
    groups: readonly Group[],
  ): number {
    const blocks = words.length / 2;
    let shortest = blocks;
    let longest = 0;
    for (const e of groups.flatMap(({ members }) => members)) {
      const { ownBlocks } = matches[e] as TieredMatch;
      shortest = Math.min(shortest, ownBlocks);
      longest = Math.max(longest, ownBlocks);
    }
    const asked = new Uint32Array(this.columns.control[PLANE_WORDS] as number);
    for (const { slots } of groups) {
      for (const slot of slots) asked[slot >>> 5] = (asked[slot >>> 5] as number) | (1 << (slot & 31));
    }
    this.blockOf = grown(this.blockOf, blocks);
    this.rows = 0;
    let i = shortest;
    for (; i < blocks; i++) {
      if ((i - shortest) % CHUNK === 0)
        this.blockRows.findMany(words, checks, i, Math.min(blocks, i + CHUNK), this.blockOf);
      if (!this.markBlock(this.blockOf[i] as number, i, blocks, asked) && i >= longest) break;
    }
    return i;
  }

  /** Marks who of the asked ones has block `i`; whether anyone does. */
  private markBlock(block: number, i: number, blocks: number, asked: Uint32Array): boolean {
    if (block === 0) return false;
    const rows = this.columns.rows.words;
    const cells = this.columns.cells.words;
    const at = block << ROW_SHIFT;
    const more = rows[at + ROW_MORE] as number;
    let found = false;
    if (more >= DENSE_FLAG) {
      found = this.markDense(more - DENSE_FLAG, i, blocks, asked);
    } else {
      const own = rows[at + ROW_HOLDER] as number;
      found = this.markHolder(own & 0xffff, own >>> 16, i, blocks);
      for (let cell = more; cell !== 0; cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number) {
        const holder = cells[cell * CELL_WORDS + CELL_HOLDER] as number;
        found = this.markHolder(holder & 0xffff, holder >>> 16, i, blocks) || found;
      }
    }
    if (found) touch(this.columns, block);
    return found;
  }

  /** From the slowest tier to the fastest, so that the best one stays. */
  private markDense(dense: number, i: number, blocks: number, asked: Uint32Array): boolean {
    const planes = this.columns.planes.words;
    const width = asked.length;
    let found = false;
    for (let tier = TIER_COUNT - 1; tier >= 0; tier--) {
      const plane = this.columns.dense.words[dense * DENSE_WORDS + DENSE_PLANES + tier] as number;
      if (plane === 0) continue;
      for (let w = 0; w < width; w++) {
        let on = (planes[plane * width + w] as number) & (asked[w] as number);
        for (; on !== 0; on &= on - 1) {
          this.markHolder(w * 32 + 31 - Math.clz32(on & -on), 1 << tier, i, blocks);
          found = true;
        }
      }
    }
    return found;
  }

  private markHolder(slot: number, cellBits: number, i: number, blocks: number): boolean {
    const bits = cellBits & DENSE_BITS;
    let row = this.rowOfSlot[slot] as number;
    if (bits === 0 || row === 0) return false;
    if (row === UNMARKED) {
      row = ++this.rows;
      this.rowOfSlot[slot] = row;
      if (row * blocks > this.marks.length) this.marks = grown(this.marks, 2 * row * blocks);
    }
    this.marks[(row - 1) * blocks + i] = bestTier(bits) + 1;
    return true;
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
