import type { ArenaColumns } from './arena-columns.js';
import type { BlockRows } from './block-rows.js';
import { touch } from './coldest-blocks.js';
import { holderBits } from './holder-bits.js';
import {
  CELL_CHAIN,
  CELL_HOLDER,
  CELL_WORDS,
  DENSE_BITS,
  DENSE_FLAG,
  DENSE_PLANES,
  DENSE_WORDS,
  HYBRID_ALIVE,
  HYBRID_MASK,
  PLANE_WORDS,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
  SLOT_WINDOW,
  SLOT_WORDS,
  SLOTS_USED,
  WINDOW_SHIFT,
} from './layout.js';

const TIER_COUNT = 4;
/** Keys looked up at once. */
const CHUNK = 64;

/**
 * Walks a prompt's blocks from the first on and measures how many leading ones each slot of a set holds, by best tier. Over
 * blocks with many holders it keeps the set as bits and visits a slot only when it falls out or its best tier changes; from
 * the first block with few holders on it follows those.
 */
export class PrefixWalk {
  /** Leading blocks of each slot. */
  depth = new Uint32Array(0);
  /** How many of them per best tier, four values a slot. */
  tiers = new Uint32Array(0);
  /** Per slot during the walk over dense blocks: its best tier, and the block since which it has it. */
  private tier = new Uint8Array(0);
  private since = new Uint32Array(0);
  /** Slots still in the run, and which of them have which best tier. */
  private alive = new Uint32Array(0);
  private alivePer: Uint32Array[] = [];
  private rowOf = new Uint32Array(CHUNK);
  /** Slots still in the run at blocks with few holders. */
  private few: number[] = [];
  private fewBefore: number[] = [];

  constructor(
    private readonly columns: ArenaColumns,
    private readonly blocks: BlockRows,
  ) {}

  /** Fills `depth` and `tiers` for the slots in `members` (a plane; bits of dead slots must be clear). */
  run(words: Uint32Array, checks: Uint32Array | undefined, members: Uint32Array): void {
    this.begin(members);
    const keys = words.length / 2;
    if (this.rowOf.length < keys) this.rowOf = new Uint32Array(2 * keys);
    const { rowOf } = this;
    let many = true;
    let i = 0;
    for (let from = 0; from < keys; from += CHUNK) {
      const to = Math.min(keys, from + CHUNK);
      this.blocks.findMany(words, checks, from, to, rowOf);
      for (; i < to; i++) {
        const row = rowOf[i] as number;
        const more = row === 0 ? 0 : (this.columns.rows.words[(row << ROW_SHIFT) + ROW_MORE] as number);
        if (row === 0) break;
        if (many && more < DENSE_FLAG) {
          this.leaveAll(i);
          many = false;
        }
        const goesOn = many
          ? this.passMany(more - DENSE_FLAG, i)
          : more >= DENSE_FLAG
            ? this.passFew(row, i)
            : this.passList(row, more, i);
        if (!goesOn) break;
        touch(this.columns, row);
      }
      if (i < to) break;
    }
    if (many) this.leaveAll(i);
    if ((this.columns.control[HYBRID_ALIVE] as number) > 0) this.cutHybrid(members);
  }

  private begin(members: Uint32Array): void {
    const bound = this.columns.control[SLOTS_USED] as number;
    const width = this.columns.control[PLANE_WORDS] as number;
    if (this.depth.length < bound) {
      this.depth = new Uint32Array(2 * bound);
      this.tiers = new Uint32Array(2 * bound * TIER_COUNT);
      this.tier = new Uint8Array(2 * bound);
      this.since = new Uint32Array(2 * bound);
    } else {
      this.depth.fill(0, 0, bound);
      this.tiers.fill(0, 0, bound * TIER_COUNT);
      this.tier.fill(0, 0, bound);
      this.since.fill(0, 0, bound);
    }
    if (this.alive.length !== width) {
      this.alive = new Uint32Array(width);
      this.alivePer = Array.from({ length: TIER_COUNT }, () => new Uint32Array(width));
    } else {
      for (const per of this.alivePer) per.fill(0);
    }
    for (let w = 0; w < width; w++) this.alive[w] = members[w] as number;
    this.few.length = 0;
  }

  /** A block with many holders; whether any slot is left. */
  private passMany(dense: number, i: number): boolean {
    const { alive, alivePer } = this;
    const width = alive.length;
    const headers = this.columns.dense.words;
    const planes = this.columns.planes.words;
    const at = dense * DENSE_WORDS + DENSE_PLANES;
    const plane0 = (headers[at] as number) * width;
    const plane1 = (headers[at + 1] as number) * width;
    const plane2 = (headers[at + 2] as number) * width;
    const plane3 = (headers[at + 3] as number) * width;
    const per0 = alivePer[0] as Uint32Array;
    let any = 0;
    for (let w = 0; w < width; w++) {
      const before = alive[w] as number;
      if (before === 0) continue;
      const on0 = plane0 === 0 ? 0 : (planes[plane0 + w] as number) & before;
      if (on0 === (before | 0) && on0 === ((per0[w] as number) | 0)) {
        any = 1;
        continue;
      }
      if (on0 !== ((per0[w] as number) | 0)) this.changeTier(w, 0, on0, i);
      let rest = before & ~on0;
      for (let tier = 1; tier < TIER_COUNT; tier++) {
        const plane = tier === 1 ? plane1 : tier === 2 ? plane2 : plane3;
        const on = plane === 0 ? 0 : (planes[plane + w] as number) & rest;
        if (on !== (((alivePer[tier] as Uint32Array)[w] as number) | 0)) this.changeTier(w, tier, on, i);
        rest &= ~on;
      }
      alive[w] = before & ~rest;
      for (; rest !== 0; rest &= rest - 1) this.leave(w * 32 + 31 - Math.clz32(rest & -rest), i);
      if (alive[w] !== 0) any = 1;
    }
    return any !== 0;
  }

  /** From block `i` on exactly the slots `on` of a word have this best tier. */
  private changeTier(w: number, tier: number, on: number, i: number): void {
    const per = this.alivePer[tier] as Uint32Array;
    for (let fresh = on & ~(per[w] as number); fresh !== 0; fresh &= fresh - 1) {
      const slot = w * 32 + 31 - Math.clz32(fresh & -fresh);
      this.bank(slot, i);
      this.tier[slot] = tier;
    }
    per[w] = on;
  }

  /** Counts the blocks from `since` to before `i` for the slot's best tier. */
  private bank(slot: number, i: number): void {
    const at = slot * TIER_COUNT + (this.tier[slot] as number);
    this.tiers[at] = (this.tiers[at] as number) + i - (this.since[slot] as number);
    this.since[slot] = i;
  }

  private leave(slot: number, i: number): void {
    this.bank(slot, i);
    this.depth[slot] = i;
  }

  /** Every slot still in the run holds `i` blocks up to here. */
  private leaveAll(i: number): void {
    if (i === 0) return;
    for (let w = 0; w < this.alive.length; w++) {
      for (let rest = this.alive[w] as number; rest !== 0; rest &= rest - 1)
        this.leave(w * 32 + 31 - Math.clz32(rest & -rest), i);
    }
  }

  /** A block with few holders. */
  private passList(row: number, more: number, i: number): boolean {
    const cells = this.columns.cells.words;
    this.few.length = 0;
    this.passHolder(this.columns.rows.words[(row << ROW_SHIFT) + ROW_HOLDER] as number, i);
    for (let cell = more; cell !== 0; cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number)
      this.passHolder(cells[cell * CELL_WORDS + CELL_HOLDER] as number, i);
    return this.few.length > 0;
  }

  private passHolder(holder: number, i: number): void {
    const bits = (holder >>> 16) & DENSE_BITS;
    const slot = holder & 0xffff;
    if (bits === 0 || this.depth[slot] !== i) return;
    if ((((this.alive[slot >>> 5] as number) >>> (slot & 31)) & 1) === 0) return;
    this.pass(slot, bits, i);
  }

  private pass(slot: number, bits: number, i: number): void {
    this.depth[slot] = i + 1;
    const at = slot * TIER_COUNT + bestTier(bits);
    this.tiers[at] = (this.tiers[at] as number) + 1;
    this.few.push(slot);
  }

  /** A block with many holders when few slots are left. */
  private passFew(row: number, i: number): boolean {
    const before = this.few;
    this.few = this.fewBefore;
    this.fewBefore = before;
    this.few.length = 0;
    for (const slot of before) {
      const bits = holderBits(this.columns, row, slot) & DENSE_BITS;
      if (bits !== 0) this.pass(slot, bits, i);
    }
    return this.few.length > 0;
  }

  /**
   * Engines of hybrid models can use a prefix of n blocks only if their sliding-window groups have the last min(w, n) of
   * them: the largest such n up to what they hold of the dense groups.
   */
  private cutHybrid(members: Uint32Array): void {
    const { masks, slots } = this.columns;
    for (let w = 0; w < this.alive.length; w++) {
      const hybrid = (masks.words[HYBRID_MASK * this.alive.length + w] as number) & (members[w] as number);
      for (let rest = hybrid; rest !== 0; rest &= rest - 1) {
        const slot = w * 32 + 31 - Math.clz32(rest & -rest);
        const window = slots.words[slot * SLOT_WORDS + SLOT_WINDOW] as number;
        this.cut(slot, this.usable(slot, this.depth[slot] as number, window));
      }
    }
  }

  private usable(slot: number, held: number, window: number): number {
    let end = held;
    for (let i = held - 1; i >= 0 && end - i <= window; i--) {
      if (holderBits(this.columns, this.rowOf[i] as number, slot) >>> WINDOW_SHIFT === 0) end = i;
    }
    return end;
  }

  private cut(slot: number, usable: number): void {
    if (usable === this.depth[slot]) return;
    this.depth[slot] = usable;
    const at = slot * TIER_COUNT;
    this.tiers.fill(0, at, at + TIER_COUNT);
    for (let i = 0; i < usable; i++) {
      const tier = at + bestTier(holderBits(this.columns, this.rowOf[i] as number, slot) & DENSE_BITS);
      this.tiers[tier] = (this.tiers[tier] as number) + 1;
    }
  }
}

/** The lowest bit: tiers are numbered from the fastest on. */
export function bestTier(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
