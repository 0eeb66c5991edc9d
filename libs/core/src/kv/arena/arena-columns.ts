import { Column, type ColumnBuffers, type ColumnSource } from './column-memory.js';
import {
  BYTES,
  CELL_WORDS,
  CELLS_USED,
  CONTROL_WORDS,
  DENSE_USED,
  DENSE_WORDS,
  GENERATION,
  MASKS,
  MAX_SLOTS,
  NAME_WORDS,
  PLANE_WORDS,
  PLANES_USED,
  ROW_WORDS,
  ROWS_USED,
  SEGMENT_SLOTS,
  SEGMENT_WORDS,
  SEGMENTS_USED,
  SLOT_WORDS,
  TALLIES,
} from './layout.js';
import { ARENA_VERSION, type SharedIndexHandle } from './shared-index-handle.js';

const FIRST_ROWS = 64;
const FIRST_PLANE_WORDS = 4;
/** Stamps are one byte. */
const STAMPS = 256;
const CONTROL_BYTES = CONTROL_WORDS * 4;
const TALLY_BYTES = TALLIES * 8;

/** What may be kept. */
export interface ArenaLimits {
  readonly maxHolders: number;
  readonly maxBytes: number;
}

/** All columns of an arena: everything that it knows, in arrays of words. */
export class ArenaColumns {
  readonly control: Int32Array;
  readonly tallies: Float64Array;
  /** Blocks by stamp. */
  readonly ages: Uint32Array;
  readonly directory: Column;
  readonly segments: Column;
  readonly loads: Column;
  readonly rows: Column;
  readonly cells: Column;
  readonly dense: Column;
  readonly planes: Column;
  readonly masks: Column;
  readonly slots: Column;
  readonly names: Column;
  readonly log: Column;
  private readonly controls: Column;
  private readonly maxBytes: number;

  constructor(source: ColumnSource, { maxHolders, maxBytes }: ArenaLimits) {
    const most = (words: number) => Math.max(1 << 16, Math.min(words, Math.floor(maxBytes / 4)));
    const controlWords = CONTROL_WORDS + TALLIES * 2 + STAMPS;
    this.maxBytes = maxBytes;
    this.controls = source('control', controlWords, controlWords);
    const { buffer } = this.controls.words;
    this.control = new Int32Array(buffer, 0, CONTROL_WORDS);
    this.tallies = new Float64Array(buffer, CONTROL_BYTES, TALLIES);
    this.ages = new Uint32Array(buffer, CONTROL_BYTES + TALLY_BYTES, STAMPS);
    const segments = Math.ceil((maxHolders / SEGMENT_SLOTS) * 4) + 2;
    this.directory = source('directory', 1, most(segments * 8));
    this.segments = source('segments', SEGMENT_WORDS, most(segments * SEGMENT_WORDS));
    this.loads = source('loads', 16, most(segments));
    this.rows = source('rows', FIRST_ROWS * ROW_WORDS, most((maxHolders + 2) * ROW_WORDS));
    this.cells = source('cells', 16 * CELL_WORDS, most((maxHolders + 2) * CELL_WORDS));
    this.dense = source('dense', 4 * DENSE_WORDS, most(maxHolders * DENSE_WORDS));
    this.planes = source('planes', 4 * FIRST_PLANE_WORDS, most(Number.POSITIVE_INFINITY));
    this.masks = source('masks', MASKS * FIRST_PLANE_WORDS, (MASKS * MAX_SLOTS) / 32);
    this.slots = source('slots', 16 * SLOT_WORDS, MAX_SLOTS * SLOT_WORDS);
    this.names = source('names', 16 * NAME_WORDS, 1 << 24);
    this.log = source('log', 256, 1 << 26);
  }

  /** Begins an empty arena; not for columns of another thread. */
  initialise(): void {
    const { control } = this;
    control[SEGMENTS_USED] = 1;
    control[PLANE_WORDS] = FIRST_PLANE_WORDS;
    for (const used of [ROWS_USED, CELLS_USED, DENSE_USED, PLANES_USED]) control[used] = 1;
    this.tallies[BYTES] = this.all().reduce((sum, [, column]) => sum + column.bytes, 0);
  }

  /** Memory of all columns. */
  get bytes(): number {
    return this.tallies[BYTES] as number;
  }

  /** Makes room for `words` in a column; false when the arena may not grow so far. */
  reserve(column: Column, words: number): boolean {
    const more = column.sizeFor(words) - column.bytes;
    if (more === 0) return true;
    if (words > column.maxWords) return false;
    if (this.bytes + more > this.maxBytes) return false;
    this.grow(column, words);
    return true;
  }

  /** As `reserve`, for what is small and needed whatever the limit says. */
  grow(column: Column, words: number): void {
    const before = column.bytes;
    if (!column.grow(words)) return;
    this.tallies[BYTES] = this.bytes + column.bytes - before;
    this.control[GENERATION] = (this.control[GENERATION] as number) + 1;
  }

  /** Takes views of what another thread grew. */
  refresh(): void {
    for (const [, column] of this.all()) column.refresh();
  }

  handle(): SharedIndexHandle {
    const columns: ColumnBuffers = Object.fromEntries(
      this.all().map(([name, column]) => [name, column.sharedBuffer]),
    );
    return { version: ARENA_VERSION, columns };
  }

  private all(): Array<[string, Column]> {
    const { directory, segments, loads, rows, cells, dense, planes, masks, slots, names, log } = this;
    return Object.entries({
      control: this.controls,
      directory,
      segments,
      loads,
      rows,
      cells,
      dense,
      planes,
      masks,
      slots,
      names,
      log,
    });
  }
}
