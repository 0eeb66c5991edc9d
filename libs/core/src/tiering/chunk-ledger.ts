import { Announcements, type HolderChange } from './announcements.js';
import type { ChunkFacts, ChunkView, CopyFacts, CopyView, PlaceUse } from './chunk-view.js';
import { CopyCells, NONE } from './copy-cells.js';
import { COPY_STATES, type CopyState } from './copy-state.js';
import { KeyChunks } from './key-chunks.js';
import type { Place } from './place.js';
import { type PlaceEntry, PlaceTable } from './place-table.js';

interface Row {
  readonly path: string;
  scope: string;
  keys: BigUint64Array;
  uses: number;
  /** First of its copies. */
  copies: number;
}

const WRITING = COPY_STATES.indexOf('writing');
const VALID = COPY_STATES.indexOf('valid');
const DELETING = COPY_STATES.indexOf('deleting');

/**
 * Every chunk and where its copies are. Changes of state that are not legal (see `COPY_STATES`) are refused by returning
 * undefined or false and change nothing; a generation that is not the copy's own is a late answer about an earlier one.
 */
export class ChunkLedger {
  private readonly ids = new Map<string, number>();
  private readonly rows: Array<Row | undefined> = [];
  private readonly freeIds: number[] = [];
  private readonly cells = new CopyCells();
  private readonly places = new PlaceTable(this.cells);
  private readonly keyChunks = new KeyChunks();
  private readonly announcements = new Announcements();
  private generations = 0;

  /** Chunks with at least one copy. */
  get size(): number {
    return this.ids.size;
  }

  /**
   * A whole copy is at the place, as whoever has it says. Facts that were not known before are taken over. A copy that
   * is being deleted stays so: the news may be older than the command. Returns the copy's generation.
   */
  put(facts: ChunkFacts, place: Place, copy: CopyFacts): number {
    const id = this.enter(facts);
    const entry = this.places.enter(place);
    const known = this.cellAt(id, entry);
    if (known === NONE) return this.add(id, entry, VALID, copy);
    const { cells } = this;
    this.resize(known, entry, copy.sizeBytes);
    cells.crc32[known] = copy.crc32;
    if (cells.state[known] === WRITING) this.setState(known, VALID);
    if (copy.lastUsedMs > (cells.lastUsedMs[known] as number)) this.renew(known, copy.lastUsedMs);
    return cells.generation[known] as number;
  }

  /** A copy begins to be written; undefined when there is one, or the chunk is not known. */
  beginWrite(path: string, place: Place, copy: CopyFacts): number | undefined {
    const id = this.ids.get(path);
    const entry = this.places.enter(place);
    if (id === undefined || this.cellAt(id, entry) !== NONE) return undefined;
    return this.add(id, entry, WRITING, copy);
  }

  /** What was being written is there. */
  commitWrite(path: string, place: Place, generation: number): boolean {
    const cell = this.find(path, place, generation);
    if (cell === NONE || this.cells.state[cell] !== WRITING) return false;
    this.setState(cell, VALID);
    return true;
  }

  /** A move reads the copy, which pins it. With `leaving` it will go after that, so nobody else may be reading it. */
  beginRead(path: string, place: Place, leaving = false): number | undefined {
    const cell = this.find(path, place);
    if (cell === NONE || this.cells.state[cell] !== VALID || this.cells.leaving[cell] === 1) return undefined;
    if (leaving && this.cells.readers[cell] !== 0) return undefined;
    this.cells.readers[cell] = (this.cells.readers[cell] as number) + 1;
    if (leaving) this.setLeaving(cell, 1);
    return this.cells.generation[cell];
  }

  endRead(path: string, place: Place, generation: number): boolean {
    const cell = this.find(path, place, generation);
    if (cell === NONE || this.cells.readers[cell] === 0) return false;
    this.cells.readers[cell] = (this.cells.readers[cell] as number) - 1;
    if (this.cells.readers[cell] === 0) this.setLeaving(cell, 0);
    return true;
  }

  /** The copy is withdrawn and will be removed; undefined when it is not valid, or is being read. */
  beginDelete(path: string, place: Place): number | undefined {
    const cell = this.find(path, place);
    if (cell === NONE || this.cells.state[cell] !== VALID || this.cells.readers[cell] !== 0) return undefined;
    this.setLeaving(cell, 1);
    this.setState(cell, DELETING);
    return this.cells.generation[cell];
  }

  /** The copy could not be removed and is whole. */
  revive(path: string, place: Place, generation: number): boolean {
    const cell = this.find(path, place, generation);
    if (cell === NONE || this.cells.state[cell] !== DELETING) return false;
    this.setLeaving(cell, 0);
    this.setState(cell, VALID);
    return true;
  }

  /** The copy is not there, whatever its state was. With a generation: only that life of it. */
  drop(path: string, place: Place, generation?: number): boolean {
    const cell = this.find(path, place, generation);
    if (cell === NONE) return false;
    this.remove(cell);
    return true;
  }

  /** Nothing is at the place any more. */
  dropPlace(place: Place): void {
    const entry = this.places.find(place);
    if (entry) for (const cell of [...entry.order.oldestFirst()]) this.remove(cell);
  }

  /**
   * The chunk was used at `nowMs` by an engine of the node: its copies there and on S3 become the most recently used.
   * @param counts whether it counts as one use more
   */
  touch(path: string, nowMs: number, node: string | undefined, counts: boolean): void {
    const id = this.ids.get(path);
    if (id === undefined) return;
    if (counts) this.row(id).uses++;
    for (let cell = this.row(id).copies; cell !== NONE; cell = this.cells.nextOfChunk[cell] as number) {
      const at = this.places.at(this.cells.place[cell] as number).place.node;
      if (at === undefined || at === node) this.renew(cell, nowMs);
    }
  }

  chunk(path: string): ChunkView | undefined {
    const id = this.ids.get(path);
    return id === undefined ? undefined : this.view(id);
  }

  /** Every chunk; none may be added or removed meanwhile. */
  *chunks(): Generator<ChunkView> {
    for (const id of this.ids.values()) yield this.view(id);
  }

  /** Chunks that contain the block, for the engines of `scope` only. */
  *chunksWith(scope: string, key: bigint): Generator<ChunkView> {
    for (const id of this.keyChunks.of(key)) if (this.row(id).scope === scope) yield this.view(id);
  }

  /** As `chunksWith`, the paths only. */
  *pathsWith(scope: string, key: bigint): Generator<string> {
    for (const id of this.keyChunks.of(key)) if (this.row(id).scope === scope) yield this.row(id).path;
  }

  copy(path: string, place: Place): CopyView | undefined {
    const cell = this.find(path, place);
    return cell === NONE ? undefined : this.copyView(cell);
  }

  /** Paths of the copies at a place, least recently used first; nothing may be changed meanwhile. */
  *oldestFirst(place: Place): Generator<string> {
    const entry = this.places.find(place);
    if (!entry) return;
    for (const cell of entry.order.oldestFirst()) yield this.row(this.cells.chunk[cell] as number).path;
  }

  use(place: Place): PlaceUse {
    const { usedBytes = 0, leavingBytes = 0, chunks = 0, blocks = 0 } = this.places.find(place) ?? {};
    return { place, usedBytes, leavingBytes, chunks, blocks };
  }

  /** Places that ever had a copy. */
  allPlaces(): Place[] {
    return this.places.all().map(({ place }) => place);
  }

  /** From now on `takeChanges` tells of the place. */
  follow(place: Place): void {
    this.places.enter(place).isFollowed = true;
  }

  /** What holders gained and lost at followed places since the last call: a block is held where a usable copy of a chunk with it is. */
  takeChanges(): HolderChange[] {
    return this.announcements.take((scope, place, key) => this.isHeld(scope, this.places.enter(place), key));
  }

  /** Pools whose engines have chunks at the place, usable or not. */
  scopesAt(place: Place): Set<string> {
    const scopes = new Set<string>();
    for (const cell of this.places.find(place)?.order.oldestFirst() ?? []) {
      scopes.add(this.row(this.cells.chunk[cell] as number).scope);
    }
    scopes.delete('');
    return scopes;
  }

  /** Every block that the place holds for the engines of `scope`; one that is in several chunks is named for each. */
  heldAt(scope: string, place: Place): BigUint64Array {
    const lists: BigUint64Array[] = [];
    let count = 0;
    for (const cell of this.places.find(place)?.order.oldestFirst() ?? []) {
      const row = this.row(this.cells.chunk[cell] as number);
      if (row.scope !== scope || !isUsable(this.cells.state[cell] as number)) continue;
      lists.push(row.keys);
      count += row.keys.length;
    }
    const held = new BigUint64Array(count);
    let at = 0;
    for (const keys of lists) {
      held.set(keys, at);
      at += keys.length;
    }
    return held;
  }

  private enter({ path, scope, keys }: ChunkFacts): number {
    const known = this.ids.get(path);
    if (known !== undefined) {
      this.complete(known, scope, keys);
      return known;
    }
    const id = this.freeIds.pop() ?? this.rows.length;
    this.rows[id] = { path, scope, keys, uses: 0, copies: NONE };
    this.ids.set(path, id);
    this.keyChunks.add(id, keys);
    return id;
  }

  /** Takes over keys and scope where they are told; what is held under the old ones is noted first. */
  private complete(id: number, scope: string, keys: BigUint64Array): void {
    const row = this.row(id);
    if (keys.length === 0 || scope === '' || (row.scope === scope && sameKeys(row.keys, keys))) return;
    const cells: number[] = [];
    for (let cell = row.copies; cell !== NONE; cell = this.cells.nextOfChunk[cell] as number)
      cells.push(cell);
    for (const cell of cells) {
      if (!isUsable(this.cells.state[cell] as number)) continue;
      const entry = this.places.at(this.cells.place[cell] as number);
      this.note(row.scope, entry, row.keys);
      this.note(scope, entry, keys);
    }
    this.keyChunks.remove(id, row.keys);
    for (const cell of cells) {
      this.places.at(this.cells.place[cell] as number).blocks += keys.length - row.keys.length;
    }
    row.scope = scope;
    row.keys = keys;
    this.keyChunks.add(id, keys);
  }

  private add(id: number, entry: PlaceEntry, state: number, copy: CopyFacts): number {
    const { cells } = this;
    const row = this.row(id);
    const cell = cells.take();
    if (isUsable(state)) this.note(row.scope, entry, row.keys);
    cells.chunk[cell] = id;
    cells.place[cell] = entry.id;
    cells.state[cell] = state;
    cells.generation[cell] = ++this.generations;
    cells.sizeBytes[cell] = copy.sizeBytes;
    cells.crc32[cell] = copy.crc32;
    cells.lastUsedMs[cell] = copy.lastUsedMs;
    cells.nextOfChunk[cell] = row.copies;
    row.copies = cell;
    entry.order.append(cell);
    entry.usedBytes += copy.sizeBytes;
    entry.chunks++;
    entry.blocks += row.keys.length;
    return this.generations;
  }

  private remove(cell: number): void {
    const { cells } = this;
    const id = cells.chunk[cell] as number;
    const row = this.row(id);
    const entry = this.places.at(cells.place[cell] as number);
    if (isUsable(cells.state[cell] as number)) this.note(row.scope, entry, row.keys);
    this.setLeaving(cell, 0);
    entry.order.remove(cell);
    entry.usedBytes -= cells.sizeBytes[cell] as number;
    entry.chunks--;
    entry.blocks -= row.keys.length;
    let previous = NONE;
    for (let at = row.copies; at !== cell; at = cells.nextOfChunk[at] as number) previous = at;
    const next = cells.nextOfChunk[cell] as number;
    if (previous === NONE) row.copies = next;
    else cells.nextOfChunk[previous] = next;
    cells.release(cell);
    if (row.copies !== NONE) return;
    this.keyChunks.remove(id, row.keys);
    this.ids.delete(row.path);
    this.rows[id] = undefined;
    this.freeIds.push(id);
  }

  private setState(cell: number, state: number): void {
    const { cells } = this;
    if (isUsable(cells.state[cell] as number) !== isUsable(state)) {
      const row = this.row(cells.chunk[cell] as number);
      this.note(row.scope, this.places.at(cells.place[cell] as number), row.keys);
    }
    cells.state[cell] = state;
  }

  private setLeaving(cell: number, leaving: 0 | 1): void {
    const { cells } = this;
    if (cells.leaving[cell] === leaving) return;
    cells.leaving[cell] = leaving;
    const sizeBytes = cells.sizeBytes[cell] as number;
    this.places.at(cells.place[cell] as number).leavingBytes += leaving === 1 ? sizeBytes : -sizeBytes;
  }

  private resize(cell: number, entry: PlaceEntry, sizeBytes: number): void {
    const grownBy = sizeBytes - (this.cells.sizeBytes[cell] as number);
    this.cells.sizeBytes[cell] = sizeBytes;
    entry.usedBytes += grownBy;
    if (this.cells.leaving[cell] === 1) entry.leavingBytes += grownBy;
  }

  private renew(cell: number, nowMs: number): void {
    const { order } = this.places.at(this.cells.place[cell] as number);
    order.remove(cell);
    this.cells.lastUsedMs[cell] = Math.max(nowMs, this.cells.lastUsedMs[cell] as number);
    order.append(cell);
  }

  private note(scope: string, entry: PlaceEntry, keys: BigUint64Array): void {
    if (scope === '' || !entry.isFollowed) return;
    this.announcements.note(scope, entry.place, keys, (key) => this.isHeld(scope, entry, key));
  }

  private isHeld(scope: string, entry: PlaceEntry, key: bigint): boolean {
    for (const id of this.keyChunks.of(key)) {
      if (this.row(id).scope !== scope) continue;
      const cell = this.cellAt(id, entry);
      if (cell !== NONE && isUsable(this.cells.state[cell] as number)) return true;
    }
    return false;
  }

  private row(id: number): Row {
    return this.rows[id] as Row;
  }

  private cellAt(id: number, entry: PlaceEntry): number {
    let cell = this.row(id).copies;
    while (cell !== NONE && this.cells.place[cell] !== entry.id)
      cell = this.cells.nextOfChunk[cell] as number;
    return cell;
  }

  private find(path: string, place: Place, generation?: number): number {
    const id = this.ids.get(path);
    const entry = this.places.find(place);
    const cell = id === undefined || !entry ? NONE : this.cellAt(id, entry);
    return generation === undefined || this.cells.generation[cell] === generation ? cell : NONE;
  }

  private view(id: number): ChunkView {
    const { path, scope, keys, uses } = this.row(id);
    return { path, scope, keys, uses, copies: this.copiesOf(id) };
  }

  private copiesOf(id: number): CopyView[] {
    const copies: CopyView[] = [];
    for (let cell = this.row(id).copies; cell !== NONE; cell = this.cells.nextOfChunk[cell] as number) {
      copies.push(this.copyView(cell));
    }
    return copies;
  }

  private copyView(cell: number): CopyView {
    const { cells } = this;
    const stored = COPY_STATES[cells.state[cell] as number] as CopyState;
    return {
      place: this.places.at(cells.place[cell] as number).place,
      state: cells.readers[cell] !== 0 ? 'reading' : stored,
      generation: cells.generation[cell] as number,
      leaving: cells.leaving[cell] === 1,
      sizeBytes: cells.sizeBytes[cell] as number,
      crc32: cells.crc32[cell] as number,
      lastUsedMs: cells.lastUsedMs[cell] as number,
    };
  }
}

function isUsable(state: number): boolean {
  return state === VALID;
}

function sameKeys(a: BigUint64Array, b: BigUint64Array): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}
