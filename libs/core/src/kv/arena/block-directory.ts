import type { ArenaColumns } from './arena-columns.js';
import {
  DEPTH_SHIFT,
  DIRECTORY_BITS,
  ROW_SHIFT,
  SEGMENT_MASK,
  SEGMENT_SHIFT,
  SEGMENT_SLOTS,
  SEGMENT_WORDS,
  SEGMENTS_USED,
} from './layout.js';

/** Fuller ones are split: probe runs stay short. */
const FULL = SEGMENT_SLOTS * 0.8;
/** One that cannot be split takes no more than this. */
const CROWDED = Math.floor(SEGMENT_SLOTS * 0.94);

/**
 * Map from 64-bit keys to rows: extendible hashing (Fagin et al. 1979). The first bits of a key's hash choose a segment of one
 * page, in which open addressing without tombstones holds pairs of row and hash. A full segment is split in two, so no
 * mutation waits for a whole table to be built anew, and neither that nor a look for an absent key touches a row: with
 * millions of blocks each touch is a wait for memory.
 */
export class BlockDirectory {
  /** Keeps the loads of `warm` from being optimised away. */
  warmed = 0;
  /** Of the keys that `warm` was given: their hashes, and where to look for them in the segments. */
  hashes = new Int32Array(64);
  starts = new Uint32Array(64);
  private readonly copy = new Uint32Array(SEGMENT_WORDS);

  constructor(private readonly columns: ArenaColumns) {}

  /** The row of a key; 0 when it is absent. */
  find(low: number, high: number): number {
    const hash = hashOf(low, high);
    return this.findFrom(this.startOf(hash), hash, low, high);
  }

  /** As `find` for the keys `from` … `to`. First all segments, then all rows: the processor waits for memory once for many keys. */
  findMany(words: Uint32Array, from: number, to: number, found: Uint32Array): void {
    this.warm(words, from, to);
    const { starts, hashes } = this;
    const entries = this.columns.segments.words;
    const rows = this.columns.rows.words;
    let sum = 0;
    for (let i = from; i < to; i++) {
      const hash = hashes[i - from] as number;
      let at = starts[i - from] as number;
      let row = entries[at] as number;
      while (row !== 0 && ((entries[at + 1] as number) | 0) !== hash) {
        at = nextOf(at);
        row = entries[at] as number;
      }
      found[i] = row;
      sum ^= rows[row << ROW_SHIFT] as number;
    }
    this.warmed ^= sum;
    for (let i = from; i < to; i++) {
      const at = (found[i] as number) << ROW_SHIFT;
      const low = words[2 * i] as number;
      const high = words[2 * i + 1] as number;
      if (at === 0 || (rows[at] === low && rows[at + 1] === high)) continue;
      found[i] = this.findFrom(starts[i - from] as number, hashes[i - from] as number, low, high);
    }
  }

  /** Brings the segments of the keys `from` … `to` near the processor, and fills `hashes` and `starts`. */
  warm(words: Uint32Array, from: number, to: number): void {
    const count = to - from;
    if (this.starts.length < count) {
      this.starts = new Uint32Array(2 * count);
      this.hashes = new Int32Array(2 * count);
    }
    const { starts, hashes } = this;
    const entries = this.columns.segments.words;
    const directory = this.columns.directory.words;
    const shift = 32 - (this.columns.control[DIRECTORY_BITS] as number);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const at = 2 * (from + i);
      const hash = hashOf(words[at] as number, words[at + 1] as number);
      const segment = (directory[shift === 32 ? 0 : hash >>> shift] as number) & SEGMENT_MASK;
      const start = segment * SEGMENT_WORDS + 2 * (hash & (SEGMENT_SLOTS - 1));
      hashes[i] = hash;
      starts[i] = start;
      sum ^= entries[start] as number;
    }
    this.warmed ^= sum;
  }

  /** As `warm`, after making room for all of these keys, which are few; false when there is none for one of them. */
  prepare(words: Uint32Array, from: number, to: number): boolean {
    for (let tight = true; tight; ) {
      tight = false;
      this.warm(words, from, to);
      for (let i = from; i < to; i++) {
        const segment = (this.starts[i - from] as number) >>> SEGMENT_SHIFT;
        if ((this.columns.loads.words[segment] as number) < FULL) continue;
        if (!this.makeRoom(words[2 * i] as number, words[2 * i + 1] as number, FULL)) return false;
        tight = true;
      }
    }
    return true;
  }

  /** Splits the key's segment if it is full; false when it cannot be and has `most` blocks. */
  makeRoom(low: number, high: number, most = CROWDED): boolean {
    const { columns } = this;
    const hash = hashOf(low, high);
    for (;;) {
      const segment = this.segmentOf(hash);
      const count = columns.loads.words[segment] as number;
      if (count < FULL) return true;
      if (!this.split(hash)) return count < most;
    }
  }

  /** Adds an absent key after `makeRoom`. */
  insert(low: number, high: number, row: number): void {
    const { loads, segments } = this.columns;
    const hash = hashOf(low, high);
    const segment = this.segmentOf(hash);
    const entries = segments.words;
    let at = segment * SEGMENT_WORDS + 2 * (hash & (SEGMENT_SLOTS - 1));
    while (entries[at] !== 0) at = nextOf(at);
    entries[at] = row;
    entries[at + 1] = hash;
    loads.words[segment] = (loads.words[segment] as number) + 1;
  }

  /** Takes out a present key. Later entries of the probe run move back, so nothing is marked. */
  delete(low: number, high: number, row: number): void {
    const { loads, segments } = this.columns;
    const hash = hashOf(low, high);
    const segment = this.segmentOf(hash);
    const entries = segments.words;
    let hole = segment * SEGMENT_WORDS + 2 * (hash & (SEGMENT_SLOTS - 1));
    while (entries[hole] !== row) hole = nextOf(hole);
    for (let at = nextOf(hole); entries[at] !== 0; at = nextOf(at)) {
      const home = 2 * ((entries[at + 1] as number) & (SEGMENT_SLOTS - 1));
      if (((at - home) & (SEGMENT_WORDS - 1)) < ((at - hole) & (SEGMENT_WORDS - 1))) continue;
      entries[hole] = entries[at] as number;
      entries[hole + 1] = entries[at + 1] as number;
      hole = at;
    }
    entries[hole] = 0;
    loads.words[segment] = (loads.words[segment] as number) - 1;
  }

  private findFrom(start: number, hash: number, low: number, high: number): number {
    const entries = this.columns.segments.words;
    const rows = this.columns.rows.words;
    for (let at = start; ; at = nextOf(at)) {
      const row = entries[at] as number;
      if (row === 0) return 0;
      if (((entries[at + 1] as number) | 0) !== hash) continue;
      const place = row << ROW_SHIFT;
      if (rows[place] === low && rows[place + 1] === high) return row;
    }
  }

  private startOf(hash: number): number {
    return this.segmentOf(hash) * SEGMENT_WORDS + 2 * (hash & (SEGMENT_SLOTS - 1));
  }

  private segmentOf(hash: number): number {
    const bits = this.columns.control[DIRECTORY_BITS] as number;
    return (this.columns.directory.words[prefixOf(hash, bits)] as number) & SEGMENT_MASK;
  }

  /** Halves the segment of a hash by the next bit of the hashes in it; false when there is no room. */
  private split(hash: number): boolean {
    const { columns } = this;
    const { control } = columns;
    const depth =
      (columns.directory.words[prefixOf(hash, control[DIRECTORY_BITS] as number)] as number) >>> DEPTH_SHIFT;
    const fresh = control[SEGMENTS_USED] as number;
    if (depth >= MOST_BITS) return false;
    if (!columns.reserve(columns.segments, (fresh + 1) * SEGMENT_WORDS)) return false;
    if (!columns.reserve(columns.loads, fresh + 1)) return false;
    if (depth === control[DIRECTORY_BITS] && !this.doubleDirectory()) return false;
    control[SEGMENTS_USED] = fresh + 1;
    const old = this.segmentOf(hash);
    const bits = control[DIRECTORY_BITS] as number;
    const directory = columns.directory.words;
    const span = 2 ** (bits - depth);
    const first = Math.floor(prefixOf(hash, bits) / span) * span;
    for (let i = 0; i < span; i++)
      directory[first + i] = (depth + 1) * 2 ** DEPTH_SHIFT + (i < span / 2 ? old : fresh);
    this.moveHalf(old, fresh, 31 - depth);
    return true;
  }

  /** Entries whose hash has the bit go to `fresh`, the others are put in anew. */
  private moveHalf(old: number, fresh: number, bit: number): void {
    const entries = this.columns.segments.words;
    const loads = this.columns.loads.words;
    const from = old * SEGMENT_WORDS;
    const { copy } = this;
    copy.set(entries.subarray(from, from + SEGMENT_WORDS));
    entries.fill(0, from, from + SEGMENT_WORDS);
    let moved = 0;
    let kept = 0;
    for (let i = 0; i < SEGMENT_WORDS; i += 2) {
      if (copy[i] === 0) continue;
      const hash = copy[i + 1] as number;
      const goes = ((hash >>> bit) & 1) === 1;
      let at = (goes ? fresh : old) * SEGMENT_WORDS + 2 * (hash & (SEGMENT_SLOTS - 1));
      while (entries[at] !== 0) at = nextOf(at);
      entries[at] = copy[i] as number;
      entries[at + 1] = hash;
      if (goes) moved++;
      else kept++;
    }
    loads[old] = kept;
    loads[fresh] = moved;
  }

  private doubleDirectory(): boolean {
    const { control, directory } = this.columns;
    const size = 2 ** (control[DIRECTORY_BITS] as number);
    if (2 * size > (control[SEGMENTS_USED] as number) * MOST_ENTRIES + FEW_ENTRIES) return false;
    if (!this.columns.reserve(directory, 2 * size)) return false;
    for (let i = size - 1; i >= 0; i--) {
      directory.words[2 * i + 1] = directory.words[i] as number;
      directory.words[2 * i] = directory.words[i] as number;
    }
    control[DIRECTORY_BITS] = (control[DIRECTORY_BITS] as number) + 1;
    return true;
  }
}

/** Longest part of a hash that chooses a segment: the rest chooses the place in it. */
const MOST_BITS = 23;
/** Entries per segment, and of a small directory: hashes that share more than chance would have are not given more. */
const MOST_ENTRIES = 16;
const FEW_ENTRIES = 1024;

function prefixOf(hash: number, bits: number): number {
  return bits === 0 ? 0 : hash >>> (32 - bits);
}

/** The next place in the same segment, around its end. */
export function nextOf(at: number): number {
  const next = at + 2;
  return (next & (SEGMENT_WORDS - 1)) === 0 ? next - SEGMENT_WORDS : next;
}

/** Keys are hashes already, but of engines that may choose them badly. 32 bits, signed. */
export function hashOf(low: number, high: number): number {
  let x = low ^ Math.imul(high, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  return x ^ (x >>> 15);
}
