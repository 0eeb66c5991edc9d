import Table from 'cli-table3';

export interface Column<Row> {
  readonly head: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** What is left out first when the terminal is narrow: the highest number. 0 is never left out. */
  readonly rank: number;
}

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' },
  ...{ 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
  ...{ right: '', 'right-mid': '', middle: '  ' },
};

/**
 * Rows as aligned columns without lines, as kubectl prints them. Columns are left out until no line is wider than
 * `width`; what is still too wide then is cut.
 */
export function columnTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  let shown = [...columns];
  for (;;) {
    const lines = draw(shown, rows);
    const widest = Math.max(...lines.map((line) => line.length));
    const rank = Math.max(...shown.map((column) => column.rank));
    if (widest <= width) return lines.join('\n');
    if (rank === 0) return lines.map((line) => cut(line, width)).join('\n');
    shown = shown.filter((column) => column.rank < rank);
  }
}

function draw<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  table.push(columns.map((column) => column.head.toUpperCase()));
  for (const row of rows) table.push(columns.map((column) => column.value(row)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Ends a line that is too long with an ellipsis. */
export const cut = (line: string, width: number): string =>
  line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
