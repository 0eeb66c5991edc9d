import type { Tokenizer } from '@penstock/engine';
import { LRUCache } from 'lru-cache';
import { HASH_BLOCK_TOKENS, type TraceRequest } from './trace.js';

/**
 * Writes prompts as JSON strings of exactly the trace's number of tokens for the engines' tokenizer. Equal `hashIds`
 * give equal text; words of one token each keep the counts exact where two blocks meet.
 */
export class TextPrompts {
  private readonly blocks = new LRUCache<number, string>({ max: 4096 });

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The JSON text of the prompt of request number `ordinal`. */
  write(request: TraceRequest, ordinal: number): string {
    const parts: string[] = [];
    for (let left = request.inputLength, i = 0; left > 0; left -= HASH_BLOCK_TOKENS, i++) {
      const id = request.hashIds?.[i] ?? -(ordinal * 4096 + i + 1);
      // A shorter text of the same seed is a prefix of the longer one.
      parts.push(left >= HASH_BLOCK_TOKENS ? this.block(id) : this.tokenizer.textOfTokens(left, id));
    }
    return JSON.stringify(parts.join(''));
  }

  private block(id: number): string {
    let block = this.blocks.get(id);
    if (block === undefined) {
      block = this.tokenizer.textOfTokens(HASH_BLOCK_TOKENS, id);
      this.blocks.set(id, block);
    }
    return block;
  }
}
