import { LRUCache } from 'lru-cache';
import { copyText } from './copy-text.js';
import type { SafeCuts } from './safe-cuts.js';
import { TokenList } from './token-list.js';

/** Characters of a chunk, at least: short ones share more of a prefix, long ones are found faster. */
const CHUNK_CHARS = 512;
/** Bytes of all remembered chunks: their text, and four for each token. */
const CAPACITY_BYTES = 32 * 1024 * 1024;
const CHUNK_OVERHEAD_BYTES = 200;

/** A part of a text. */
export interface Chunk {
  readonly text: string;
  /** Token ids; absent while they are not known. */
  ids?: Uint32Array;
  /** What to encode instead of the text, to get its ids. */
  readonly toEncode: string;
  readonly key: string;
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
  private readonly remembered: LRUCache<string, Uint32Array>;
  private readonly chunkChars: number;

  /** `encode`: token ids of a part of a text. */
  constructor(
    private readonly encode: (text: string) => ArrayLike<number>,
    private readonly cuts: SafeCuts,
    { chunkChars = CHUNK_CHARS, capacityBytes = CAPACITY_BYTES }: ChunkedEncoderOptions = {},
  ) {
    this.chunkChars = chunkChars;
    this.remembered = new LRUCache({
      maxSize: Math.max(1, capacityBytes),
      sizeCalculation: (ids, key) => CHUNK_OVERHEAD_BYTES + 2 * key.length + 4 * ids.length,
    });
  }

  encodeText(text: string): Uint32Array {
    const parts = this.split(text);
    for (const chunk of parts.chunks) chunk.ids ??= this.learn(chunk, this.encode(chunk.toEncode));
    return this.join(parts);
  }

  /** The chunks of a text with the ids that are known. */
  split(text: string): ChunkedText {
    const chunks: Chunk[] = [];
    let newChars = 0;
    for (let start = 0; start < text.length; ) {
      const end = this.cutAfter(text, start);
      const chunk = this.chunk(
        start === 0 && end === text.length ? text : text.slice(start, end),
        start === 0,
      );
      if (!chunk.ids) newChars += chunk.text.length;
      chunks.push(chunk);
      start = end;
    }
    this.counts.chars += text.length;
    this.counts.newChars += newChars;
    return { chunks, newChars };
  }

  /** Remembers the ids of a chunk's `toEncode`. */
  learn({ key }: Chunk, encoded: ArrayLike<number>): Uint32Array {
    const ids = Uint32Array.from(encoded);
    this.remembered.set(copyText(key), ids);
    return ids;
  }

  /** @throws Error when the ids of a chunk are not known */
  join({ chunks }: ChunkedText): Uint32Array {
    const [only] = chunks;
    if (chunks.length === 1 && only?.ids) return only.ids.slice();
    const all = new TokenList(chunks.reduce((sum, { ids }) => sum + (ids?.length ?? 0), 0));
    for (const { ids } of chunks) {
      if (!ids) throw new Error('ChunkedEncoder: a chunk was not encoded');
      all.pushAll(ids);
    }
    return all.toArray();
  }

  private chunk(text: string, first: boolean): Chunk {
    const { dropSpace } = this.cuts;
    const continues = !first && dropSpace && text.startsWith(' ');
    // Where the tokenizer adds the space itself, the same text at the start of a prompt is something else.
    const key = dropSpace ? `${continues ? '+' : '='}${text}` : text;
    const ids = this.remembered.get(key);
    return { text, key, toEncode: continues ? text.slice(1) : text, ...(ids ? { ids } : {}) };
  }

  private cutAfter(text: string, start: number): number {
    const from = start + this.chunkChars;
    if (from >= text.length) return text.length;
    const { words, controls } = this.cuts;
    let end = text.length;
    if (words) {
      words.lastIndex = from;
      const found = words.exec(text);
      if (found) end = found.index + 1;
    }
    if (controls) {
      controls.lastIndex = from;
      // Only as far as there may be a nearer cut.
      const found = end < text.length ? controls.exec(text.slice(0, end)) : controls.exec(text);
      if (found) end = found.index;
    }
    return end;
  }
}
