import type { ArenaColumns } from './arena-columns.js';
import { type BlockDirectory, nextOf } from './block-directory.js';
import {
  EPOCH,
  PAIRS,
  ROW_CHECK,
  ROW_FREE,
  ROW_HOLDER,
  ROW_MORE,
  ROW_NEXT,
  ROW_PREVIOUS,
  ROW_SHIFT,
  ROW_WORDS,
  ROWS_FREE,
  ROWS_LIVE,
  ROWS_USED,
  SEGMENT_SHIFT,
  SLOT_HEAD,
  SLOT_LISTED,
  SLOT_PAIRS,
  SLOT_WORDS,
} from './layout.js';
import { rowLink, SlotLists } from './slot-lists.js';

/**
 * Stores what nobody holds yet, which most of a snapshot is: the same as adding each row and its first holder, with
 * everything that the loop counts kept at hand.
 */
export class FreshBlocks {
  private readonly lists: SlotLists;

  constructor(
    private readonly columns: ArenaColumns,
    private readonly directory: BlockDirectory,
  ) {
    this.lists = new SlotLists(columns);
  }

  /**
   * Gives absent keys among `from` … `to` rows held by the slot with these bits. Places of keys that are there already go
   * to `present`; returns how many. False when there might be no room: then nothing is done.
   */
  add(
    words: Uint32Array,
    checks: Uint32Array | undefined,
    from: number,
    to: number,
    slot: number,
    bits: number,
    present: Uint32Array,
  ): number | false {
    const { columns, directory } = this;
    const { control, ages } = columns;
    const count = to - from;
    let used = control[ROWS_USED] as number;
    if (!columns.reserve(columns.rows, (used + count) * ROW_WORDS)) return false;
    if (!directory.prepare(words, from, to)) return false;
    const { hashes, starts } = directory;
    const entries = columns.segments.words;
    const loads = columns.loads.words;
    const rows = columns.rows.words;
    const slots = columns.slots.words;
    const epoch = control[EPOCH] as number;
    const holder = (epoch << 24) | (bits << 16) | slot;
    const slotAt = slot * SLOT_WORDS;
    const firstHead = slots[slotAt + SLOT_HEAD] as number;
    let head = firstHead;
    let free = control[ROWS_FREE] as number;
    let added = 0;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const low = words[2 * (from + i)] as number;
      const high = words[2 * (from + i) + 1] as number;
      const hash = hashes[i] as number;
      let place = starts[i] as number;
      let row = entries[place] as number;
      while (row !== 0) {
        const at = row << ROW_SHIFT;
        if (((entries[place + 1] as number) | 0) === hash && rows[at] === low && rows[at + 1] === high) break;
        place = nextOf(place);
        row = entries[place] as number;
      }
      if (row !== 0) {
        present[found++] = from + i;
        continue;
      }
      if (free === 0) row = used++;
      else {
        row = free;
        free = rows[(free << ROW_SHIFT) + ROW_FREE] as number;
      }
      const at = row << ROW_SHIFT;
      rows[at] = low;
      rows[at + 1] = high;
      rows[at + ROW_CHECK] = checks === undefined ? 0 : (checks[from + i] as number);
      rows[at + ROW_HOLDER] = holder;
      rows[at + ROW_MORE] = 0;
      rows[at + ROW_NEXT] = head;
      rows[at + ROW_PREVIOUS] = 0;
      // Links of the rows made here lead to rows; only what was first on the list before may be a cell.
      if (head !== firstHead) rows[(head << (ROW_SHIFT - 1)) + ROW_PREVIOUS] = rowLink(row);
      else if (head !== 0) this.lists.setPrevious(head, rowLink(row));
      head = rowLink(row);
      entries[place] = row;
      entries[place + 1] = hash;
      loads[place >>> SEGMENT_SHIFT] = (loads[place >>> SEGMENT_SHIFT] as number) + 1;
      added++;
    }
    slots[slotAt + SLOT_HEAD] = head;
    slots[slotAt + SLOT_LISTED] = (slots[slotAt + SLOT_LISTED] as number) + added;
    slots[slotAt + SLOT_PAIRS] = (slots[slotAt + SLOT_PAIRS] as number) + added;
    control[ROWS_USED] = used;
    control[ROWS_FREE] = free;
    control[ROWS_LIVE] = (control[ROWS_LIVE] as number) + added;
    control[PAIRS] = (control[PAIRS] as number) + added;
    ages[epoch] = (ages[epoch] as number) + added;
    return found;
  }
}
