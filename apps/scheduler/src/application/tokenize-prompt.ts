import type { Tokenizer } from '@penstock/engine';
import { LRUCache } from 'lru-cache';
import type { PromptContent } from './completion-request.js';

export interface TokenizedPrompt {
  /** Absent when the prompt could not be tokenised: it then has no known prefix. */
  readonly tokenIds?: Uint32Array;
  /** Exact with `tokenIds`, else an estimate. */
  readonly tokens: number;
}

/** llm-d's estimate where there is no tokenizer. */
const BYTES_PER_TOKEN = 4;

/** Turns prompts into the token ids that the engine will see, so that their block keys can be computed. */
export class TokenizePrompt {
  private readonly recent: LRUCache<string, Uint32Array>;

  constructor(
    private readonly tokenizer: Tokenizer,
    cacheTokens: number,
    private readonly onFailure: (error: unknown) => void = () => {},
  ) {
    this.recent = new LRUCache({ maxSize: cacheTokens, sizeCalculation: (ids) => Math.max(1, ids.length) });
  }

  tokenize(prompt: PromptContent): TokenizedPrompt {
    if (prompt.kind === 'tokens') return { tokenIds: prompt.tokenIds, tokens: prompt.tokenIds.length };
    let text = prompt.kind === 'text' ? prompt.text : '';
    try {
      if (prompt.kind === 'chat') {
        const { messages, tools, variables, addGenerationPrompt } = prompt;
        text = this.tokenizer.applyChatTemplate(messages, {
          addGenerationPrompt,
          ...(tools ? { tools } : {}),
          ...(variables ? { variables } : {}),
        });
      }
      const id = `${prompt.kind}:${text}`;
      let tokenIds = this.recent.get(id);
      if (!tokenIds) {
        tokenIds = this.tokenizer.encode(text, { addSpecialTokens: prompt.kind === 'text' });
        this.recent.set(id, tokenIds);
      }
      return { tokenIds, tokens: tokenIds.length };
    } catch (error) {
      // The engine has the last word on what it accepts; here it only means that no prefix is known.
      this.onFailure(error);
      const bytes = prompt.kind === 'chat' ? JSON.stringify(prompt.messages).length : text.length;
      return { tokens: Math.ceil(bytes / BYTES_PER_TOKEN) };
    }
  }
}
