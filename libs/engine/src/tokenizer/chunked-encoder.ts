import { LRUCache } from 'lru-cache';
import { copyText } from './copy-text.js';
import type { SafeCuts } from './safe-cuts.js';

/** Characters of a chunk, at least: short ones share more of a prefix, long ones are found faster. */
const CHUNK_CHARS = 512;
/** Far into a text chunks grow to this part of what is before them, so that there are not too many. */
const GROWTH = 1 / 128;
/** Bytes of all remembered chunks: their text, and four for each token. */
const CAPACITY_BYTES = 32 * 1024 * 1024;
const CHUNK_OVERHEAD_BYTES = 300;
/** Part of the chunks that may be learned after one was used before it has to be marked again. */
const RECENT = 1 / 16;
/** Chunks learned in one turn of the event loop: some 5 µs each. */
const LEARNED_AT_ONCE = 64;

/** A chunk that is remembered. */
interface Remembered {
  readonly key: string;
  text: string;
  ids: Uint32Array;
  /** What followed it, as far as that made the place safe to cut; empty at the end of a text. */
  readonly after: string;
  /** What followed it last: most texts that begin alike go on alike. Undefined again when it is forgotten. */
  next?: Remembered;
  forgotten: boolean;
  /** How many chunks had been learned when it was last marked as used. */
  usedAt: number;
}

/** A part of a text. */
export interface Chunk {
  readonly text: string;
  /** Token ids; absent while they are not known. */
  ids?: Uint32Array;
  /** What to encode instead of the text, to get its ids. */
  readonly toEncode: string;
  readonly key: string;
  readonly after: string;
  readonly previous: Chunk | undefined;
  remembered?: Remembered;
}

/** A text in the chunks that it is remembered by. */
export interface ChunkedText {
  readonly chunks: readonly Chunk[];
  /** Characters of chunks whose ids are not known. */
  readonly newChars: number;
}

export interface ChunkedEncoderOptions {
  readonly chunkChars?: number;
  readonly capacityBytes?: number;
}

/**
 * Encodes long texts in chunks and remembers them, so that a text costs only what is new in it: chunks are cut from the
 * start, at the first safe place after `chunkChars`, hence texts that begin alike have the same chunks. Without safe cuts
 * it remembers whole texts.
 */
export class ChunkedEncoder {
  /** Characters that were asked for and that had to be encoded, since the start. */
  readonly counts = { chars: 0, newChars: 0 };
  private readonly remembered: LRUCache<string, Remembered>;
  private readonly chunkChars: number;
  private backlog: Chunk[] = [];
  /** Chunks remembered since the start. */
  private learned = 0;

  /** `encode`: token ids of a part of a text. */
  constructor(
    private readonly encode: (text: string) => ArrayLike<number>,
    private readonly cuts: SafeCuts,
    { chunkChars = CHUNK_CHARS, capacityBytes = CAPACITY_BYTES }: ChunkedEncoderOptions = {},
  ) {
    this.chunkChars = chunkChars;
    this.remembered = new LRUCache({
      maxSize: Math.max(1, capacityBytes),
      sizeCalculation: ({ ids }, key) => CHUNK_OVERHEAD_BYTES + 2 * key.length + 4 * ids.length,
      dispose: forget,
    });
  }

  encodeText(text: string): Uint32Array {
    const parts = this.split(text);
    for (const chunk of parts.chunks) {
      if (!chunk.ids) this.learn(chunk, this.encode(chunk.toEncode));
    }
    return this.join(parts);
  }

  /** The chunks of a text with the ids that are known. */
  split(text: string): ChunkedText {
    const chunks: Chunk[] = [];
    let newChars = 0;
    let previous: Chunk | undefined;
    for (let start = 0; start < text.length; ) {
      const chunk = this.follow(text, start, previous) ?? this.cut(text, start, previous);
      if (!chunk.ids) newChars += chunk.text.length;
      chunks.push(chunk);
      start += chunk.text.length;
      previous = chunk;
    }
    this.counts.chars += text.length;
    this.counts.newChars += newChars;
    return { chunks, newChars };
  }

  /** Remembers the ids of a chunk's `toEncode`. */
  learn(chunk: Chunk, encoded: ArrayLike<number>): void {
    chunk.ids = encoded instanceof Uint32Array ? encoded : Uint32Array.from(encoded);
    this.remember(chunk);
  }

  /** As `learn` for many chunks, remembering them bit by bit, so that nothing else has to wait. */
  learnSoon(chunks: readonly Chunk[], encoded: ReadonlyArray<ArrayLike<number>>): void {
    for (const [i, chunk] of chunks.entries()) {
      const ids = encoded[i] as ArrayLike<number>;
      chunk.ids = ids instanceof Uint32Array ? ids : Uint32Array.from(ids);
    }
    const working = this.backlog.length > 0;
    this.backlog.push(...chunks);
    if (!working) this.rememberSome();
  }

  /** @throws Error when the ids of a chunk are not known */
  join({ chunks }: ChunkedText): Uint32Array {
    const all = new Uint32Array(chunks.reduce((sum, { ids }) => sum + (ids?.length ?? 0), 0));
    let at = 0;
    for (const { ids } of chunks) {
      if (!ids) throw new Error('ChunkedEncoder: a chunk was not encoded');
      all.set(ids, at);
      at += ids.length;
    }
    return all;
  }

  private rememberSome(): void {
    for (const chunk of this.backlog.slice(0, LEARNED_AT_ONCE)) this.remember(chunk);
    this.backlog = this.backlog.slice(LEARNED_AT_ONCE);
    if (this.backlog.length > 0) setImmediate(() => this.rememberSome());
  }

  private remember(chunk: Chunk): void {
    const { after, ids } = chunk;
    const key = copyText(chunk.key);
    const text = chunk.key === chunk.text ? key : key.slice(1);
    this.learned++;
    const entry: Remembered = {
      usedAt: this.learned,
      key,
      text,
      ids: ids as Uint32Array,
      after: copyText(after),
      forgotten: false,
    };
    this.remembered.set(key, entry);
    // What is larger than all there is room for is not kept.
    if (!this.remembered.has(key)) return;
    chunk.remembered = entry;
    link(chunk.previous, entry);
  }

  /** The chunk that followed the one before last time, if it does again. */
  private follow(text: string, start: number, previous: Chunk | undefined): Chunk | undefined {
    const next = previous?.remembered?.next;
    if (!next || next.forgotten) return undefined;
    const end = start + next.text.length;
    // Quicker than startsWith.
    if (text.slice(start, end) !== next.text) return undefined;
    const fits = next.after === '' ? end === text.length : isAt(text, end, next.after);
    if (!fits) return undefined;
    this.use(next);
    const { key, ids, after } = next;
    return { text: next.text, key, toEncode: next.text, ids, after, previous, remembered: next };
  }

  /** Marks it as used, unless it is among the last used of all anyway. */
  private use(entry: Remembered): void {
    if (this.learned - entry.usedAt < this.remembered.size * RECENT) return;
    this.remembered.get(entry.key);
    entry.usedAt = this.learned;
  }

  private cut(text: string, start: number, previous: Chunk | undefined): Chunk {
    const { end, after } = this.cutAfter(text, start);
    const part = start === 0 && end === text.length ? text : text.slice(start, end);
    const { dropSpace } = this.cuts;
    const continues = start > 0 && dropSpace && part.startsWith(' ');
    // Where the tokenizer adds the space itself, the same text at the start of a prompt is something else.
    const key = dropSpace ? `${continues ? '+' : '='}${part}` : part;
    const toEncode = continues ? part.slice(1) : part;
    const remembered = this.remembered.get(key);
    if (!remembered) return { text: part, key, toEncode, after, previous };
    remembered.usedAt = this.learned;
    link(previous, remembered);
    return { text: part, key, toEncode, after, previous, remembered, ids: remembered.ids };
  }

  private cutAfter(text: string, start: number): { readonly end: number; readonly after: string } {
    const from = start + Math.max(this.chunkChars, Math.floor(start * GROWTH));
    let [end, after] = [text.length, ''];
    if (from >= text.length) return { end, after };
    const { words, controls } = this.cuts;
    if (words) {
      words.lastIndex = from;
      const found = words.exec(text);
      if (found) {
        end = found.index + 1;
        after = text.slice(end, end + 2);
      }
    }
    if (controls) {
      controls.lastIndex = from;
      // Only as far as there may be a nearer cut.
      const found = controls.exec(end < text.length ? text.slice(0, end) : text);
      if (found) [end, after] = [found.index, found[0]];
    }
    return { end, after };
  }
}

function link(previous: Chunk | undefined, next: Remembered): void {
  if (previous?.remembered) previous.remembered.next = next;
}

/** As startsWith, for what is short. */
function isAt(text: string, start: number, part: string): boolean {
  for (let i = 0; i < part.length; i++) if (text.charCodeAt(start + i) !== part.charCodeAt(i)) return false;
  return true;
}

/** Others may still point to it: it must not keep what it knew. */
function forget(entry: Remembered): void {
  entry.forgotten = true;
  entry.text = '';
  entry.ids = NO_IDS;
  delete entry.next;
}

const NO_IDS = new Uint32Array();
