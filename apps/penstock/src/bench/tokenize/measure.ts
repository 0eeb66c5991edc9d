import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { BUILT_IN_TOKENIZER_DIR, type ChatMessage, loadTokenizer, type Tokenizer } from '@penstock/engine';
import { lowerQuartile } from './lower-quartile.js';
import { PromptWriter } from './prompt-writer.js';

/** One line of the plan. */
export interface TokenizeCase {
  readonly tokens: number;
  /** Part of the tokens that a prompt seen before begins with; 0 = all is new. */
  readonly share: number;
  readonly repeats: number;
}

export interface TokenizeFigures {
  /** Tokens of the timed prompts, and those of them that no earlier prompt began with; mean. */
  readonly tokens: number;
  readonly newTokens: number;
  /** Lower quartiles of the prompts. */
  readonly libraryMs: number;
  readonly oursMs: number;
  /** Library ÷ ours. */
  readonly speedUp: number;
  /** Speed-up ÷ (tokens ÷ new tokens). */
  readonly share: number;
  /** Prompts whose ids are not the library's. */
  readonly different: number;
}

/** Both sides of the comparison, warmed up with the same texts. */
export class Comparison {
  private constructor(
    readonly tokenizer: Tokenizer,
    private readonly library: Library,
    private readonly writer: PromptWriter,
  ) {}

  static async start(seed: number, warmUpTokens: number): Promise<Comparison> {
    const tokenizer = await loadTokenizer(BUILT_IN_TOKENIZER_DIR, { memoBytes: MEMO_BYTES });
    const json = async (file: string) =>
      JSON.parse(await readFile(join(BUILT_IN_TOKENIZER_DIR, file), 'utf8'));
    const library = new Library(await json('tokenizer.json'), await json('tokenizer_config.json'));
    const comparison = new Comparison(tokenizer, library, new PromptWriter(await loadTokenizer(), seed));
    for (let i = 0; i < WARM_UPS; i++) comparison.time(comparison.writer.chat(warmUpTokens));
    return comparison;
  }

  /** A new chat of about so many tokens. */
  chat(tokens: number): ChatMessage[] {
    return this.writer.chat(tokens);
  }

  run({ tokens, share, repeats }: TokenizeCase): TokenizeFigures {
    const timed = Array.from({ length: repeats }, () => {
      const first = this.writer.chat(tokens);
      if (share === 0) return this.time(first);
      const before = this.tokenizer.encodeChat(first);
      return this.time(this.writer.branch(first, tokens, share), before);
    });
    const total = mean(timed.map((each) => each.tokens));
    const newTokens = mean(timed.map((each) => each.newTokens));
    const libraryMs = lowerQuartile(timed.map((each) => each.libraryMs));
    const oursMs = lowerQuartile(timed.map((each) => each.oursMs));
    const speedUp = libraryMs / oursMs;
    return {
      ...{ tokens: total, newTokens, libraryMs, oursMs, speedUp, share: speedUp / (total / newTokens) },
      different: timed.filter((each) => each.different).length,
    };
  }

  /** The chat template is part of the work on both sides. */
  private time(messages: readonly ChatMessage[], before?: Uint32Array) {
    let startedAtMs = performance.now();
    const ours = this.tokenizer.encodeChat(messages);
    const oursMs = performance.now() - startedAtMs;
    startedAtMs = performance.now();
    const text = this.tokenizer.applyChatTemplate(messages);
    const theirs: number[] = this.library.encode(text, { add_special_tokens: false }).ids;
    const libraryMs = performance.now() - startedAtMs;
    const different = theirs.length !== ours.length || theirs.some((id, i) => id !== ours[i]);
    const common = before ? theirs.findIndex((id, i) => id !== before[i]) : 0;
    const newTokens = common < 0 ? 1 : theirs.length - common;
    return { tokens: theirs.length, newTokens, oursMs, libraryMs, different };
  }
}

const MEMO_BYTES = 256 * 1024 * 1024;
const WARM_UPS = 5;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
