import type { ArenaColumns } from './arena-columns.js';
import type { BlockRows } from './block-rows.js';
import type { DenseRows } from './dense-rows.js';
import type { EngineSlots } from './engine-slots.js';
import { holderBits, holderSlots } from './holder-bits.js';
import { HolderCells } from './holder-cells.js';
import {
  CELL_CHAIN,
  CELL_HOLDER,
  CELL_WORDS,
  DENSE_FLAG,
  FREE_ROW,
  PAIRS,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
} from './layout.js';
import { cellLink, isCellLink, type Link, linked, rowLink, type SlotLists } from './slot-lists.js';

/** Stamp of a row's holder word. */
const STAMP = 0xff000000;

/**
 * Who holds each block: one holder in the block's row, the next ones in cells, and a dense row once they are more than
 * `denseAbove`, back from half of that on. A block that nobody holds any more is forgotten.
 */
export class HolderSets {
  private readonly cells: HolderCells;

  constructor(
    private readonly columns: ArenaColumns,
    private readonly blocks: BlockRows,
    private readonly dense: DenseRows,
    private readonly slots: EngineSlots,
    private readonly lists: SlotLists,
    private readonly denseAbove: number | undefined,
  ) {
    this.cells = new HolderCells(columns);
  }

  /** Adds bits; `known` when the slot held the block before, else `added`, or `full`: nothing changed, there is no room. */
  set(row: number, slot: number, bits: number): 'known' | 'added' | 'full' {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    const more = rows[at + ROW_MORE] as number;
    const own = rows[at + ROW_HOLDER] as number;
    if (more === 0 && (own & ~STAMP) >>> 16 === 0) {
      rows[at + ROW_HOLDER] = (own & STAMP) | (bits << 16) | slot;
      this.lists.insert(slot, rowLink(row));
      this.count(slot, 1);
      return 'added';
    }
    if (more >= DENSE_FLAG) return this.setDense(more - DENSE_FLAG, slot, bits);
    return this.setSparse(row, slot, bits);
  }

  /** Takes bits away; a slot without any no longer holds the block. */
  unset(row: number, slot: number, bits: number): void {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    const more = rows[at + ROW_MORE] as number;
    if (more === FREE_ROW) return;
    if (more >= DENSE_FLAG) {
      this.unsetDense(row, more - DENSE_FLAG, slot, bits);
      return;
    }
    const own = rows[at + ROW_HOLDER] as number;
    if ((own & 0xffff) === slot && ((own >>> 16) & 0xff) !== 0) {
      const left = (own >>> 16) & 0xff & ~bits;
      if (left === 0) this.dropOwn(row, slot);
      else rows[at + ROW_HOLDER] = (own & STAMP) | (left << 16) | slot;
      return;
    }
    const cells = this.columns.cells.words;
    for (let cell = more; cell !== 0; cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number) {
      const holder = cells[cell * CELL_WORDS + CELL_HOLDER] as number;
      if ((holder & 0xffff) !== slot) continue;
      const left = (holder >>> 16) & ~bits;
      if (left === 0) this.dropCell(row, cell, slot);
      else cells[cell * CELL_WORDS + CELL_HOLDER] = (left << 16) | slot;
      return;
    }
  }

  /** Drops what a link of the slot's list stands for. */
  dropLink(link: Link, slot: number): void {
    if (isCellLink(link)) {
      const cell = linked(link);
      this.dropCell(this.columns.cells.words[cell * CELL_WORDS] as number, cell, slot);
    } else {
      this.dropOwn(linked(link), slot);
    }
  }

  /** Drops a block with all who hold it; returns how many that were. */
  dropBlock(row: number): number {
    const holders = holderSlots(this.columns, row);
    for (const slot of holders) this.unset(row, slot, 0xff);
    return holders.length;
  }

  /** Drops holders of a block that are fenced already; whether the block is still held. */
  dropFenced(row: number): boolean {
    const holders = holderSlots(this.columns, row);
    const fenced = holders.filter((slot) => !this.slots.isAlive(slot));
    for (const slot of fenced) this.unset(row, slot, 0xff);
    return fenced.length < holders.length;
  }

  private setDense(dense: number, slot: number, bits: number): 'known' | 'added' | 'full' {
    const known = this.dense.bits(dense, slot) !== 0;
    if (!this.dense.set(dense, slot, bits)) {
      // Some of the bits may be set already: a holder that is not counted must not remain.
      if (!known) this.dense.clear(dense, slot, 0xff);
      return 'full';
    }
    if (known) return 'known';
    this.count(slot, 1);
    return 'added';
  }

  private setSparse(row: number, slot: number, bits: number): 'known' | 'added' | 'full' {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    const cells = this.columns.cells.words;
    const own = rows[at + ROW_HOLDER] as number;
    const hasOwn = ((own >>> 16) & 0xff) !== 0;
    if (hasOwn && (own & 0xffff) === slot) {
      rows[at + ROW_HOLDER] = own | (bits << 16);
      return 'known';
    }
    let holders = hasOwn ? 1 : 0;
    for (let cell = rows[at + ROW_MORE] as number; cell !== 0; ) {
      const place = cell * CELL_WORDS;
      const holder = cells[place + CELL_HOLDER] as number;
      if ((holder & 0xffff) === slot) {
        cells[place + CELL_HOLDER] = holder | (bits << 16);
        return 'known';
      }
      holders++;
      cell = cells[place + CELL_CHAIN] as number;
    }
    const outcome = this.addSparse(row, slot, bits);
    if (outcome === 'added' && holders >= this.mostSparse) this.promote(row);
    return outcome;
  }

  private addSparse(row: number, slot: number, bits: number): 'added' | 'full' {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    const own = rows[at + ROW_HOLDER] as number;
    if (((own >>> 16) & 0xff) === 0) {
      rows[at + ROW_HOLDER] = (own & STAMP) | (bits << 16) | slot;
      this.lists.insert(slot, rowLink(row));
    } else {
      const cell = this.cells.take();
      if (cell === 0) return 'full';
      const cells = this.columns.cells.words;
      const place = cell * CELL_WORDS;
      cells[place] = row;
      cells[place + CELL_HOLDER] = (bits << 16) | slot;
      cells[place + CELL_CHAIN] = rows[at + ROW_MORE] as number;
      rows[at + ROW_MORE] = cell;
      this.lists.insert(slot, cellLink(cell));
    }
    this.count(slot, 1);
    return 'added';
  }

  /**
   * Moves the holders of a sparse block, of which one at least lives, into a dense row; fenced ones fall away first. Without
   * room for one they stay as they are.
   */
  private promote(row: number): void {
    this.dropFenced(row);
    const holders = holderSlots(this.columns, row);
    if (holders.length <= this.mostSparse) return;
    const dense = this.dense.take(row);
    if (dense === 0) return;
    for (const slot of holders) {
      if (this.dense.set(dense, slot, holderBits(this.columns, row, slot))) continue;
      this.dense.release(dense);
      return;
    }
    for (const slot of holders) this.unlink(row, slot);
    this.columns.rows.words[(row << ROW_SHIFT) + ROW_MORE] = DENSE_FLAG + dense;
  }

  /** Moves the living holders of a dense block back into its row and cells. One for which there is no room is dropped. */
  private demote(row: number, dense: number): void {
    const kept = this.dense.holders(dense).map((slot) => ({ slot, bits: this.dense.bits(dense, slot) }));
    this.dense.release(dense);
    this.columns.rows.words[(row << ROW_SHIFT) + ROW_MORE] = 0;
    for (const { slot, bits } of kept) {
      this.count(slot, -1);
      if (this.slots.isAlive(slot)) this.addSparse(row, slot, bits);
    }
    this.forgetUnheld(row);
  }

  private unsetDense(row: number, dense: number, slot: number, bits: number): void {
    if (this.dense.bits(dense, slot) === 0 || this.dense.clear(dense, slot, bits) !== 0) return;
    this.count(slot, -1);
    if (this.dense.count(dense) <= this.mostSparse >>> 1) this.demote(row, dense);
  }

  /** Takes a sparse holder out of the block and its list without any other consequence. */
  private unlink(row: number, slot: number): void {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    const own = rows[at + ROW_HOLDER] as number;
    if (((own >>> 16) & 0xff) !== 0 && (own & 0xffff) === slot) {
      this.lists.remove(slot, rowLink(row));
      rows[at + ROW_HOLDER] = own & STAMP;
      return;
    }
    const cells = this.columns.cells.words;
    let cell = rows[at + ROW_MORE] as number;
    while (((cells[cell * CELL_WORDS + CELL_HOLDER] as number) & 0xffff) !== slot)
      cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number;
    this.removeCell(row, cell, slot);
  }

  private dropOwn(row: number, slot: number): void {
    const at = (row << ROW_SHIFT) + ROW_HOLDER;
    const rows = this.columns.rows.words;
    this.lists.remove(slot, rowLink(row));
    rows[at] = (rows[at] as number) & STAMP;
    this.count(slot, -1);
    this.forgetUnheld(row);
  }

  private dropCell(row: number, cell: number, slot: number): void {
    this.removeCell(row, cell, slot);
    this.count(slot, -1);
    this.forgetUnheld(row);
  }

  private removeCell(row: number, cell: number, slot: number): void {
    const at = (row << ROW_SHIFT) + ROW_MORE;
    const rows = this.columns.rows.words;
    const cells = this.columns.cells.words;
    const after = cells[cell * CELL_WORDS + CELL_CHAIN] as number;
    if (rows[at] === cell) {
      rows[at] = after;
    } else {
      let before = rows[at] as number;
      while (cells[before * CELL_WORDS + CELL_CHAIN] !== cell)
        before = cells[before * CELL_WORDS + CELL_CHAIN] as number;
      cells[before * CELL_WORDS + CELL_CHAIN] = after;
    }
    this.lists.remove(slot, cellLink(cell));
    this.cells.release(cell);
  }

  private forgetUnheld(row: number): void {
    const at = row << ROW_SHIFT;
    const rows = this.columns.rows.words;
    if (rows[at + ROW_MORE] === 0 && (((rows[at + ROW_HOLDER] as number) >>> 16) & 0xff) === 0)
      this.blocks.delete(row);
  }

  private count(slot: number, change: number): void {
    this.slots.addPairs(slot, change);
    const { control } = this.columns;
    control[PAIRS] = (control[PAIRS] as number) + change;
  }

  /** A plane costs a word per 32 slots, so blocks of large fleets stay sparse for longer. */
  private get mostSparse(): number {
    return this.denseAbove ?? Math.max(8, 2 + this.slots.planeWords / 5);
  }
}
