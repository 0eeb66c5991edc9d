import { LRUCache } from 'lru-cache';
import { z } from 'zod';

/** Characters of a chunk, at least. */
const CHUNK_CHARS = 512;
/** Characters of all remembered chunks; with their token ids about three times as many bytes. */
const CAPACITY_CHARS = 3_000_000;

/** Between a word and the space before the next one. */
const BOUNDARY = /[a-z](?= [a-z])/g;

/**
 * Encodes long texts in chunks and remembers them, so that a prompt costs only what is new in it: chunks are cut
 * from the start, hence texts that begin alike have the same chunks. Exact for the tokenizers that
 * `splitsBetweenWords` accepts.
 */
export class ChunkedEncoder {
  private readonly chunks: LRUCache<string, Uint32Array>;

  /** `encode`: token ids of a text without special tokens around it. */
  constructor(
    private readonly encode: (text: string) => ArrayLike<number>,
    private readonly chunkChars = CHUNK_CHARS,
    capacityChars = CAPACITY_CHARS,
  ) {
    this.chunks = new LRUCache({ maxSize: capacityChars, sizeCalculation: (_, chunk) => chunk.length });
  }

  encodeText(text: string): Uint32Array {
    if (text.length < 2 * this.chunkChars) return Uint32Array.from(this.encode(text));
    const parts: Uint32Array[] = [];
    let length = 0;
    for (let start = 0; start < text.length; ) {
      BOUNDARY.lastIndex = start + this.chunkChars;
      const found = BOUNDARY.exec(text);
      const end = found ? found.index + 1 : text.length;
      const ids = this.encodeChunk(text.slice(start, end));
      parts.push(ids);
      length += ids.length;
      start = end;
    }
    const all = new Uint32Array(length);
    let at = 0;
    for (const ids of parts) {
      all.set(ids, at);
      at += ids.length;
    }
    return all;
  }

  private encodeChunk(chunk: string): Uint32Array {
    let ids = this.chunks.get(chunk);
    if (!ids) {
      ids = Uint32Array.from(this.encode(chunk));
      // A copy: a slice would keep the whole prompt in memory.
      this.chunks.set(Buffer.from(chunk).toString(), ids);
    }
    return ids;
  }
}

const byteLevel = z.looseObject({
  type: z.literal('ByteLevel'),
  add_prefix_space: z.literal(false),
  use_regex: z.boolean().default(true),
});
/** The word pattern of Llama 3, Qwen 2 and 3 and others; without lookbehind, what comes before has no influence. */
const wordPattern = z
  .string()
  .refine((regex) => regex.includes('|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|') && !regex.includes('(?<'));
const cutsBeforeSpaces = z.looseObject({
  normalizer: z.union([z.null(), z.looseObject({ type: z.literal('NFC') })]).optional(),
  model: z.looseObject({ type: z.literal('BPE') }),
  pre_tokenizer: z.union([
    byteLevel.refine(({ use_regex }) => use_regex),
    z.looseObject({
      type: z.literal('Sequence'),
      pretokenizers: z.tuple([
        z.looseObject({
          type: z.literal('Split'),
          pattern: z.looseObject({ Regex: wordPattern }),
          behavior: z.literal('Isolated'),
          invert: z.literal(false),
        }),
        byteLevel,
      ]),
    }),
  ]),
  // A control token cannot lie across a boundary when it has no space and no letter at either end.
  added_tokens: z
    .array(z.looseObject({ content: z.string().regex(/^[^\sa-z]([^\s]*[^\sa-z])?$/) }))
    .default([]),
});

/**
 * Whether a `tokenizer.json` always ends a token between a lower-case ASCII letter and the space before the next
 * such letter, so that both sides can be encoded on their own. True for byte-level BPE with GPT-2's or Llama 3's
 * word pattern; false for what it does not know.
 */
export function splitsBetweenWords(description: unknown): boolean {
  return cutsBeforeSpaces.safeParse(description).success;
}
