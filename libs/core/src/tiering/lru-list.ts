import { type CopyCells, NONE } from './copy-cells.js';

/**
 * Copies of one place, least recently used first. Appending and moving to the end take constant time; a copy that comes
 * with an older date than the last one only marks the list, which is then sorted when it is next read.
 */
export class LruList {
  private oldest = NONE;
  private newest = NONE;
  private sorted = true;

  constructor(private readonly cells: CopyCells) {}

  append(cell: number): void {
    const { newer, older, lastUsedMs } = this.cells;
    const last = this.newest;
    if (last !== NONE && (lastUsedMs[last] as number) > (lastUsedMs[cell] as number)) this.sorted = false;
    older[cell] = last;
    newer[cell] = NONE;
    if (last === NONE) this.oldest = cell;
    else newer[last] = cell;
    this.newest = cell;
  }

  remove(cell: number): void {
    const { newer, older } = this.cells;
    const [after, before] = [newer[cell] as number, older[cell] as number];
    if (before === NONE) this.oldest = after;
    else newer[before] = after;
    if (after === NONE) this.newest = before;
    else older[after] = before;
  }

  /** Least recently used first; of equal dates the one that was appended first. */
  *oldestFirst(): Generator<number> {
    if (!this.sorted) this.sort();
    for (let cell = this.oldest; cell !== NONE; cell = this.cells.newer[cell] as number) yield cell;
  }

  private sort(): void {
    const { lastUsedMs, newer } = this.cells;
    const all: number[] = [];
    for (let cell = this.oldest; cell !== NONE; cell = newer[cell] as number) all.push(cell);
    all.sort((a, b) => (lastUsedMs[a] as number) - (lastUsedMs[b] as number));
    this.oldest = NONE;
    this.newest = NONE;
    for (const cell of all) this.append(cell);
    this.sorted = true;
  }
}
