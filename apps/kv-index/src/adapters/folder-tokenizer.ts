import {
  findTokenizerFolder,
  loadTokenizer,
  type Tokenizer,
  TokenizerError,
  type TokenizerSource,
  TokenizerWorkers,
  tokenizerSource,
} from '@penstock/engine';
import { ServiceError } from '@penstock/platform';
import { LRUCache } from 'lru-cache';
import type { PromptTokenizer } from '../application/prompt-tokenizer.js';

interface Loaded {
  readonly source: TokenizerSource;
  readonly tokenizer: Promise<Tokenizer>;
}

const MAX_MODELS = 16;
/** New characters from which a thread encodes them: some 4 ms. */
const THREAD_CHARS = 8_192;
const TIMEOUT_MS = 10_000;

/**
 * Tokenizers in Hugging Face's format: of a folder that holds one for every model, or that has a folder for each model.
 * Loaded when a model is asked for, and again when its files changed.
 */
export class FolderTokenizer implements PromptTokenizer {
  private readonly loaded = new LRUCache<string, Loaded>({ max: MAX_MODELS });
  private readonly workers = TokenizerWorkers.available ? new TokenizerWorkers() : undefined;

  constructor(private readonly dir: string) {}

  async encode(text: string, model: string): Promise<ArrayLike<number>> {
    try {
      const { source, tokenizer } = await this.of(model);
      const plan = (await tokenizer).plan(text);
      if (!this.workers || plan.newChars < THREAD_CHARS) return plan.finish();
      return plan.finish(await this.workers.encode(source, plan.newParts, { timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      throw error instanceof TokenizerError ? refusal(error, model) : error;
    }
  }

  async close(): Promise<void> {
    await this.workers?.close();
  }

  private async of(model: string): Promise<Loaded> {
    const dir = (await findTokenizerFolder(this.dir, model)) ?? this.dir;
    const source = await tokenizerSource(dir);
    const known = this.loaded.get(dir);
    if (known?.source.version === source.version) return known;
    const fresh = { source, tokenizer: loadTokenizer(dir) };
    this.loaded.set(dir, fresh);
    fresh.tokenizer.catch(() => this.loaded.delete(dir));
    return fresh;
  }
}

function refusal({ reason, message }: TokenizerError, model: string): ServiceError {
  if (reason === 'busy' || reason === 'timeout')
    return new ServiceError('exhausted', message, 'prompt', 'try again');
  const howToFix = `mount the tokenizer of "${model}" in the folder of --tokenizer-dir`;
  return new ServiceError('failed-precondition', message, 'prompt', howToFix);
}
