import type { ArenaColumns } from './arena-columns.js';
import {
  CELL_BITS,
  DENSE_COUNT,
  DENSE_FREE,
  DENSE_PLANES,
  DENSE_USED,
  DENSE_WORDS,
  MASKS,
  PLANE_WORDS,
  PLANES_FREE,
  PLANES_USED,
} from './layout.js';

/** Holders of blocks that many have: for each cell bit in use a plane with one bit per slot. */
export class DenseRows {
  constructor(private readonly columns: ArenaColumns) {}

  /** Numbers ever given are below it: the bound of a scan. */
  get bound(): number {
    return this.columns.control[DENSE_USED] as number;
  }

  /** The block of a dense row; 0 when the row is free. */
  rowOf(dense: number): number {
    return this.columns.dense.words[dense * DENSE_WORDS] as number;
  }

  count(dense: number): number {
    return this.columns.dense.words[dense * DENSE_WORDS + DENSE_COUNT] as number;
  }

  /** Makes a dense row without holders; 0 when there is no room. */
  take(row: number): number {
    const { columns } = this;
    const { control } = columns;
    let dense = control[DENSE_FREE] as number;
    if (dense === 0) {
      dense = control[DENSE_USED] as number;
      if (!columns.reserve(columns.dense, (dense + 1) * DENSE_WORDS)) return 0;
      control[DENSE_USED] = dense + 1;
    } else {
      control[DENSE_FREE] = columns.dense.words[dense * DENSE_WORDS + DENSE_COUNT] as number;
    }
    const at = dense * DENSE_WORDS;
    columns.dense.words.fill(0, at, at + DENSE_WORDS);
    columns.dense.words[at] = row;
    return dense;
  }

  /** Frees a row and its planes, whatever they hold. */
  release(dense: number): void {
    const { control, dense: headers } = this.columns;
    const at = dense * DENSE_WORDS;
    for (let bit = 0; bit < CELL_BITS; bit++) {
      const plane = headers.words[at + DENSE_PLANES + bit] as number;
      if (plane !== 0) this.releasePlane(plane);
    }
    headers.words[at] = 0;
    headers.words[at + DENSE_COUNT] = control[DENSE_FREE] as number;
    control[DENSE_FREE] = dense;
  }

  /** Cell bits of a slot. */
  bits(dense: number, slot: number): number {
    return denseBits(this.columns, dense, slot);
  }

  /** Sets bits that the slot may have; false, with nothing changed for new bits left, when there is no room. */
  set(dense: number, slot: number, bits: number): boolean {
    const { columns } = this;
    const at = dense * DENSE_WORDS;
    const known = this.bits(dense, slot);
    for (let rest = bits & ~known; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      let plane = columns.dense.words[at + DENSE_PLANES + bit] as number;
      if (plane === 0) {
        plane = this.takePlane();
        if (plane === 0) return false;
        columns.dense.words[at + DENSE_PLANES + bit] = plane;
      }
      const word = plane * (columns.control[PLANE_WORDS] as number) + (slot >>> 5);
      columns.planes.words[word] = (columns.planes.words[word] as number) | (1 << (slot & 31));
    }
    if (known === 0 && bits !== 0) this.addCount(dense, 1);
    return true;
  }

  /** Clears bits; returns those that the slot still has. */
  clear(dense: number, slot: number, bits: number): number {
    const { columns } = this;
    const known = this.bits(dense, slot);
    for (let rest = bits & known; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const plane = columns.dense.words[dense * DENSE_WORDS + DENSE_PLANES + bit] as number;
      const word = plane * (columns.control[PLANE_WORDS] as number) + (slot >>> 5);
      columns.planes.words[word] = (columns.planes.words[word] as number) & ~(1 << (slot & 31));
    }
    const left = known & ~bits;
    if (known !== 0 && left === 0) this.addCount(dense, -1);
    return left;
  }

  /** Slots with any bit. */
  holders(dense: number): number[] {
    return denseHolders(this.columns, dense);
  }

  /** Widens every plane, and the masks of living slots, to hold `slots`; false when there is no room. */
  widen(slots: number): boolean {
    const { columns } = this;
    const { control } = columns;
    const width = control[PLANE_WORDS] as number;
    if (slots <= width * 32) return true;
    let wider = width;
    while (wider * 32 < slots) wider *= 2;
    if (!columns.reserve(columns.planes, (control[PLANES_USED] as number) * wider)) return false;
    columns.grow(columns.masks, MASKS * wider);
    for (const [column, planes] of [
      [columns.planes, control[PLANES_USED] as number],
      [columns.masks, MASKS],
    ] as const) {
      const { words } = column;
      for (let plane = planes - 1; plane >= 0; plane--) {
        words.copyWithin(plane * wider, plane * width, (plane + 1) * width);
        words.fill(0, plane * wider + width, (plane + 1) * wider);
      }
    }
    control[PLANE_WORDS] = wider;
    return true;
  }

  /** Gives up the memory of all planes; there must be no dense row. */
  forgetPlanes(): void {
    const { control } = this.columns;
    control[PLANES_USED] = 1;
    control[PLANES_FREE] = 0;
  }

  private addCount(dense: number, change: number): void {
    const at = dense * DENSE_WORDS + DENSE_COUNT;
    this.columns.dense.words[at] = (this.columns.dense.words[at] as number) + change;
  }

  private takePlane(): number {
    const { columns } = this;
    const { control } = columns;
    const width = control[PLANE_WORDS] as number;
    let plane = control[PLANES_FREE] as number;
    if (plane === 0) {
      plane = control[PLANES_USED] as number;
      if (!columns.reserve(columns.planes, (plane + 1) * width)) return 0;
      control[PLANES_USED] = plane + 1;
    } else {
      control[PLANES_FREE] = columns.planes.words[plane * width] as number;
    }
    columns.planes.words.fill(0, plane * width, (plane + 1) * width);
    return plane;
  }

  private releasePlane(plane: number): void {
    const { control, planes } = this.columns;
    planes.words[plane * (control[PLANE_WORDS] as number)] = control[PLANES_FREE] as number;
    control[PLANES_FREE] = plane;
  }
}

/** Cell bits of a slot in a dense row. */
export function denseBits(columns: ArenaColumns, dense: number, slot: number): number {
  const width = columns.control[PLANE_WORDS] as number;
  const headers = columns.dense.words;
  const planes = columns.planes.words;
  const at = dense * DENSE_WORDS + DENSE_PLANES;
  let bits = 0;
  for (let bit = 0; bit < CELL_BITS; bit++) {
    const plane = headers[at + bit] as number;
    if (plane !== 0) bits |= (((planes[plane * width + (slot >>> 5)] as number) >>> (slot & 31)) & 1) << bit;
  }
  return bits;
}

/** Slots with any bit in a dense row. */
export function denseHolders(columns: ArenaColumns, dense: number): number[] {
  const width = columns.control[PLANE_WORDS] as number;
  const headers = columns.dense.words;
  const planes = columns.planes.words;
  const at = dense * DENSE_WORDS + DENSE_PLANES;
  const found: number[] = [];
  for (let w = 0; w < width; w++) {
    let any = 0;
    for (let bit = 0; bit < CELL_BITS; bit++) {
      const plane = headers[at + bit] as number;
      if (plane !== 0) any |= planes[plane * width + w] as number;
    }
    for (; any !== 0; any &= any - 1) found.push(w * 32 + 31 - Math.clz32(any & -any));
  }
  return found;
}
