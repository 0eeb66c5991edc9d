import { grown } from '../kv/key-table.js';

/** End of a list. Cell 0 is never used. */
export const NONE = 0;

/**
 * Copies of chunks, one cell each, in typed arrays. A cell is on two lists: the copies of its chunk (singly linked) and
 * the copies at its place (doubly linked, least recently used first).
 */
export class CopyCells {
  chunk = new Uint32Array(64);
  place = new Uint32Array(64);
  /** Index in `COPY_STATES`, `reading` being told by `readers`. */
  state = new Uint8Array(64);
  readers = new Uint16Array(64);
  /** 1 while the copy will go as soon as the move that reads it is done. */
  leaving = new Uint8Array(64);
  generation = new Float64Array(64);
  sizeBytes = new Float64Array(64);
  crc32 = new Uint32Array(64);
  lastUsedMs = new Float64Array(64);
  nextOfChunk = new Uint32Array(64);
  newer = new Uint32Array(64);
  older = new Uint32Array(64);
  private freeHead = NONE;
  private used = 1;

  /** A cell with every column zero. */
  take(): number {
    const free = this.freeHead;
    if (free !== NONE) {
      this.freeHead = this.nextOfChunk[free] as number;
      this.nextOfChunk[free] = NONE;
      return free;
    }
    if (this.used === this.chunk.length) this.grow(this.used * 2);
    return this.used++;
  }

  /** Frees a cell that is on no list any more. */
  release(cell: number): void {
    for (const column of this.columns()) column[cell] = 0;
    this.nextOfChunk[cell] = this.freeHead;
    this.freeHead = cell;
  }

  private columns() {
    const { chunk, place, state, readers, leaving, generation } = this;
    const { sizeBytes, crc32, lastUsedMs, nextOfChunk, newer, older } = this;
    return [
      ...[chunk, place, state, readers, leaving, generation],
      ...[sizeBytes, crc32, lastUsedMs, nextOfChunk, newer, older],
    ];
  }

  private grow(length: number): void {
    this.chunk = grown(this.chunk, length);
    this.place = grown(this.place, length);
    this.state = grown(this.state, length);
    this.readers = grown(this.readers, length);
    this.leaving = grown(this.leaving, length);
    this.generation = grown(this.generation, length);
    this.sizeBytes = grown(this.sizeBytes, length);
    this.crc32 = grown(this.crc32, length);
    this.lastUsedMs = grown(this.lastUsedMs, length);
    this.nextOfChunk = grown(this.nextOfChunk, length);
    this.newer = grown(this.newer, length);
    this.older = grown(this.older, length);
  }
}
