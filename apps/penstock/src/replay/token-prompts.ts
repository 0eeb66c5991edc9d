import { LRUCache } from 'lru-cache';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { HASH_BLOCK_TOKENS, type TraceRequest } from './trace.js';

/** Ids below this are left to special tokens and single bytes. */
const FIRST_TOKEN = 300;

/**
 * Writes prompts as JSON arrays of token ids, made from a trace's `hashIds`: equal ids give equal tokens, so prompts
 * share exactly the prefixes that the trace says. Without ids every prompt is its own.
 */
export class TokenPrompts {
  private readonly blocks = new LRUCache<number, string[]>({ max: 4096 });

  /** @param vocabularySize ids stay below it. */
  constructor(private readonly vocabularySize: number) {}

  /** The JSON text of the prompt of request number `ordinal`. */
  write(request: TraceRequest, ordinal: number): string {
    const parts: string[] = [];
    let left = request.inputLength;
    for (let i = 0; left > 0; i++) {
      // Negative seeds: content that no trace id can name.
      const id = request.hashIds?.[i] ?? -(ordinal * 4096 + i + 1);
      const block = this.block(id);
      parts.push((left >= HASH_BLOCK_TOKENS ? block : block.slice(0, left)).join(','));
      left -= HASH_BLOCK_TOKENS;
    }
    return `[${parts.join(',')}]`;
  }

  private block(id: number): string[] {
    let block = this.blocks.get(id);
    if (!block) {
      const random = xoroshiro128plus(id);
      block = Array.from({ length: HASH_BLOCK_TOKENS }, () =>
        String(uniformInt(random, FIRST_TOKEN, this.vocabularySize - 1)),
      );
      this.blocks.set(id, block);
    }
    return block;
  }
}
