import type { ArenaColumns } from './arena-columns.js';
import {
  CELL_NEXT,
  CELL_PREVIOUS,
  CELL_WORDS,
  ROW_NEXT,
  ROW_PREVIOUS,
  ROW_SHIFT,
  SLOT_HEAD,
  SLOT_LISTED,
  SLOT_WORDS,
} from './layout.js';

/** A place in a slot's list: a row whose own holder it is, or a cell. 0 = none. */
export type Link = number;

export function rowLink(row: number): Link {
  return row * 2;
}

export function cellLink(cell: number): Link {
  return cell * 2 + 1;
}

export function isCellLink(link: Link): boolean {
  return (link & 1) !== 0;
}

/** Number of the row or the cell. */
export function linked(link: Link): number {
  return link >>> 1;
}

/** The blocks of each slot, doubly linked through rows and cells; holders in dense rows are on no list. */
export class SlotLists {
  constructor(private readonly columns: ArenaColumns) {}

  first(slot: number): Link {
    return this.columns.slots.words[slot * SLOT_WORDS + SLOT_HEAD] as number;
  }

  next(link: Link): Link {
    return isCellLink(link)
      ? (this.columns.cells.words[linked(link) * CELL_WORDS + CELL_NEXT] as number)
      : (this.columns.rows.words[(linked(link) << ROW_SHIFT) + ROW_NEXT] as number);
  }

  insert(slot: number, link: Link): void {
    const slots = this.columns.slots.words;
    const at = slot * SLOT_WORDS;
    const head = slots[at + SLOT_HEAD] as number;
    this.setNext(link, head);
    this.setPrevious(link, 0);
    if (head !== 0) this.setPrevious(head, link);
    slots[at + SLOT_HEAD] = link;
    slots[at + SLOT_LISTED] = (slots[at + SLOT_LISTED] as number) + 1;
  }

  remove(slot: number, link: Link): void {
    const slots = this.columns.slots.words;
    const at = slot * SLOT_WORDS;
    const next = this.next(link);
    const previous = this.previous(link);
    if (next !== 0) this.setPrevious(next, previous);
    if (previous !== 0) this.setNext(previous, next);
    else slots[at + SLOT_HEAD] = next;
    slots[at + SLOT_LISTED] = (slots[at + SLOT_LISTED] as number) - 1;
  }

  private previous(link: Link): Link {
    return isCellLink(link)
      ? (this.columns.cells.words[linked(link) * CELL_WORDS + CELL_PREVIOUS] as number)
      : (this.columns.rows.words[(linked(link) << ROW_SHIFT) + ROW_PREVIOUS] as number);
  }

  private setNext(link: Link, next: Link): void {
    if (isCellLink(link)) this.columns.cells.words[linked(link) * CELL_WORDS + CELL_NEXT] = next;
    else this.columns.rows.words[(linked(link) << ROW_SHIFT) + ROW_NEXT] = next;
  }

  setPrevious(link: Link, previous: Link): void {
    if (isCellLink(link)) this.columns.cells.words[linked(link) * CELL_WORDS + CELL_PREVIOUS] = previous;
    else this.columns.rows.words[(linked(link) << ROW_SHIFT) + ROW_PREVIOUS] = previous;
  }
}
