import type { ArenaColumns } from './arena-columns.js';
import { CELL_CHAIN, CELL_WORDS, CELLS_FREE, CELLS_USED } from './layout.js';

/** Pool of the cells for second and further holders of a block. */
export class HolderCells {
  constructor(private readonly columns: ArenaColumns) {}

  /** A cell; 0 when there is no room. */
  take(): number {
    const { control, cells } = this.columns;
    const free = control[CELLS_FREE] as number;
    if (free !== 0) {
      control[CELLS_FREE] = cells.words[free * CELL_WORDS + CELL_CHAIN] as number;
      return free;
    }
    const cell = control[CELLS_USED] as number;
    if (!this.columns.reserve(cells, (cell + 1) * CELL_WORDS)) return 0;
    control[CELLS_USED] = cell + 1;
    return cell;
  }

  release(cell: number): void {
    const { control, cells } = this.columns;
    cells.words[cell * CELL_WORDS + CELL_CHAIN] = control[CELLS_FREE] as number;
    control[CELLS_FREE] = cell;
  }
}
