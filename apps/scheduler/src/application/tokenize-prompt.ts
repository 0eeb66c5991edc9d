import type { ChatTemplateOptions, TokenizerError, TokenizerWorkers } from '@penstock/engine';
import type { PromptContent } from './completion-request.js';
import type { EngineTokens } from './tokenizing/engine-tokens.js';
import type { LoadedTokenizer, ModelTokenizers } from './tokenizing/model-tokenizers.js';
import type { TokenizeTarget } from './tokenizing/tokenize-target.js';
import type { ParityView } from './tokenizing/tokenizer-parity.js';

export interface TokenizedPrompt {
  /** Absent when the prompt could not be tokenised: it then has no known prefix. */
  readonly tokenIds?: Uint32Array;
  /** Exact with `tokenIds`, else an estimate. */
  readonly tokens: number;
}

/** What is told of tokenising. */
export interface TokenizeObserver {
  tokenized(by: 'here' | 'thread' | 'engine', durationMs: number): void;
  /** The engine was asked instead. */
  tokenizerReplaced(why: 'no-tokenizer' | 'drift' | 'failed'): void;
  /** A prompt has no known prefix. */
  tokenizeFailed(why: string): void;
}

export interface TokenizeDependencies {
  readonly tokenizers: ModelTokenizers;
  readonly parity: ParityView;
  /** Absent: everything is encoded in this thread. */
  readonly workers?: Pick<TokenizerWorkers, 'encode' | 'render'>;
  /** Absent: engines are not asked. */
  readonly engines?: EngineTokens;
  /** New characters of a prompt from which a thread encodes them. */
  readonly threadChars: number;
  /** Longest wait for a thread. */
  readonly timeoutMs: number;
  readonly observer: TokenizeObserver;
}

type TextPrompt = Exclude<PromptContent, { kind: 'tokens' }>;

/** llm-d's estimate where there is no tokenizer. */
const BYTES_PER_TOKEN = 4;
/** Chats of more messages are written by a thread: each takes some 15 µs. */
const MAX_MESSAGES_HERE = 200;

/**
 * Turns prompts into the token ids that the engine will see, so that their block keys can be computed: with the model's own
 * tokenizer, or, where there is none or it is not the engine's, by asking the engine. Never waits long: a prompt that is
 * not tokenised in time has no known prefix.
 */
export class TokenizePrompt {
  constructor(private readonly deps: TokenizeDependencies) {}

  /** At once where the prompt is short or was mostly seen before. */
  tokenize(
    prompt: PromptContent,
    target?: TokenizeTarget,
    signal?: AbortSignal,
  ): TokenizedPrompt | Promise<TokenizedPrompt> {
    if (prompt.kind === 'tokens') return { tokenIds: prompt.tokenIds, tokens: prompt.tokenIds.length };
    // No pool serves the model: nothing will be looked up.
    if (!target) return { tokens: estimate(prompt) };
    const { tokenizers, parity } = this.deps;
    const loaded = tokenizers.of(target.baseModel);
    const drifts = parity.of(target.baseModel, prompt.kind) === 'drift';
    if (!loaded || drifts) return this.ask(prompt, target, loaded ? 'drift' : 'no-tokenizer', signal);
    const startedAtMs = performance.now();
    const done = (by: 'here' | 'thread', tokenIds: Uint32Array): TokenizedPrompt => {
      this.deps.observer.tokenized(by, performance.now() - startedAtMs);
      return { tokenIds, tokens: tokenIds.length };
    };
    const failed = (error: unknown) => this.failed(prompt, target, error as TokenizerError, signal);
    try {
      const text = this.textOf(prompt, loaded, signal);
      const ids = typeof text === 'string' ? this.encode(prompt, text, loaded, signal) : undefined;
      if (ids instanceof Uint32Array) return done('here', ids);
      const later = ids ?? Promise.resolve(text).then((known) => this.encode(prompt, known, loaded, signal));
      return later.then((tokenIds) => done('thread', tokenIds)).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** What the model would see; a promise where a thread writes it. */
  private textOf(
    prompt: TextPrompt,
    loaded: LoadedTokenizer,
    signal?: AbortSignal,
  ): string | Promise<string> {
    if (prompt.kind === 'text') return prompt.text;
    const { messages, tools, variables, addGenerationPrompt } = prompt;
    const options: ChatTemplateOptions = {
      addGenerationPrompt,
      ...(tools ? { tools } : {}),
      ...(variables ? { variables } : {}),
    };
    const { workers, timeoutMs } = this.deps;
    if (!workers || messages.length <= MAX_MESSAGES_HERE)
      return loaded.tokenizer.applyChatTemplate(messages, options);
    return workers.render(loaded.source, messages, options, { timeoutMs, ...(signal ? { signal } : {}) });
  }

  private encode(
    { kind }: TextPrompt,
    text: string,
    { tokenizer, source }: LoadedTokenizer,
    signal?: AbortSignal,
  ): Uint32Array | Promise<Uint32Array> {
    const { workers, threadChars, timeoutMs } = this.deps;
    // A template brings its own special tokens.
    const plan = tokenizer.plan(text, { addSpecialTokens: kind === 'text' });
    if (!workers || plan.newChars < threadChars) return plan.finish();
    return workers
      .encode(source, plan.newParts, { timeoutMs, ...(signal ? { signal } : {}) })
      .then((ids) => plan.finish(ids));
  }

  /** Where threads have no time, engines would make the request wait even longer. */
  private failed(
    prompt: TextPrompt,
    target: TokenizeTarget,
    { reason }: TokenizerError,
    signal?: AbortSignal,
  ): TokenizedPrompt | Promise<TokenizedPrompt> {
    if (reason === 'busy' || reason === 'timeout' || reason === 'stopped')
      return this.unknown(prompt, reason);
    return this.ask(prompt, target, 'failed', signal);
  }

  private ask(
    prompt: TextPrompt,
    { targetModel, engines }: TokenizeTarget,
    why: 'no-tokenizer' | 'drift' | 'failed',
    signal?: AbortSignal,
  ): TokenizedPrompt | Promise<TokenizedPrompt> {
    const { observer } = this.deps;
    if (!this.deps.engines || engines.length === 0) return this.unknown(prompt, why);
    observer.tokenizerReplaced(why);
    const startedAtMs = performance.now();
    return this.deps.engines.tokenize(targetModel, prompt, engines, signal).then(
      (tokenIds) => {
        observer.tokenized('engine', performance.now() - startedAtMs);
        return { tokenIds, tokens: tokenIds.length };
      },
      // The engine has the last word on what it accepts; here it only means that no prefix is known.
      () => this.unknown(prompt, 'engine'),
    );
  }

  private unknown(prompt: TextPrompt, why: string): TokenizedPrompt {
    this.deps.observer.tokenizeFailed(why);
    return { tokens: estimate(prompt) };
  }
}

function estimate(prompt: TextPrompt): number {
  const chars = prompt.kind === 'chat' ? JSON.stringify(prompt.messages).length : prompt.text.length;
  return Math.ceil(chars / BYTES_PER_TOKEN);
}
