import type { CopyCells } from './copy-cells.js';
import { LruList } from './lru-list.js';
import { type Place, placeName } from './place.js';

/** Counters and order of the copies at one place. */
export class PlaceEntry {
  usedBytes = 0;
  leavingBytes = 0;
  chunks = 0;
  blocks = 0;
  /** Whether changes of what it holds are told. */
  isFollowed = false;
  readonly order: LruList;

  constructor(
    readonly id: number,
    readonly place: Place,
    cells: CopyCells,
  ) {
    this.order = new LruList(cells);
  }
}

/** Places that ever had a copy, numbered. */
export class PlaceTable {
  private readonly entries: PlaceEntry[] = [];
  private readonly byName = new Map<string, PlaceEntry>();

  constructor(private readonly cells: CopyCells) {}

  find(place: Place): PlaceEntry | undefined {
    return this.byName.get(placeName(place));
  }

  enter(place: Place): PlaceEntry {
    const known = this.find(place);
    if (known) return known;
    const entry = new PlaceEntry(this.entries.length, { ...place }, this.cells);
    this.entries.push(entry);
    this.byName.set(placeName(place), entry);
    return entry;
  }

  at(id: number): PlaceEntry {
    return this.entries[id] as PlaceEntry;
  }

  all(): readonly PlaceEntry[] {
    return this.entries;
  }
}
