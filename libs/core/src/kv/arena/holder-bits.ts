import type { ArenaColumns } from './arena-columns.js';
import { denseBits, denseHolders } from './dense-rows.js';
import {
  CELL_CHAIN,
  CELL_HOLDER,
  CELL_WORDS,
  DENSE_FLAG,
  ROW_HOLDER,
  ROW_MORE,
  ROW_SHIFT,
} from './layout.js';

/** Cell bits with which a slot holds a block; 0 = it does not. */
export function holderBits(columns: ArenaColumns, row: number, slot: number): number {
  const rows = columns.rows.words;
  const at = row << ROW_SHIFT;
  const more = rows[at + ROW_MORE] as number;
  if (more >= DENSE_FLAG) return denseBits(columns, more - DENSE_FLAG, slot);
  const own = rows[at + ROW_HOLDER] as number;
  if ((own & 0xffff) === slot && ((own >>> 16) & 0xff) !== 0) return (own >>> 16) & 0xff;
  const cells = columns.cells.words;
  for (let cell = more; cell !== 0; cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number) {
    const holder = cells[cell * CELL_WORDS + CELL_HOLDER] as number;
    if ((holder & 0xffff) === slot) return holder >>> 16;
  }
  return 0;
}

/** Slots that hold a block, fenced ones too. */
export function holderSlots(columns: ArenaColumns, row: number): number[] {
  const rows = columns.rows.words;
  const at = row << ROW_SHIFT;
  const more = rows[at + ROW_MORE] as number;
  if (more >= DENSE_FLAG) return denseHolders(columns, more - DENSE_FLAG);
  const own = rows[at + ROW_HOLDER] as number;
  const found: number[] = ((own >>> 16) & 0xff) !== 0 ? [own & 0xffff] : [];
  const cells = columns.cells.words;
  for (let cell = more; cell !== 0; cell = cells[cell * CELL_WORDS + CELL_CHAIN] as number)
    found.push((cells[cell * CELL_WORDS + CELL_HOLDER] as number) & 0xffff);
  return found;
}
