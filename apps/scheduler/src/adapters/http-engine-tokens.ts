import { EngineHttpError, type EnginePrompt, type TokenizeApi, tokenizeByEngine } from '@penstock/engine';
import { type CircuitBreakerPolicy, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { Agent } from 'undici';
import type { EngineTokens } from '../application/tokenizing/engine-tokens.js';

export interface EngineTokensOptions {
  /** Longest wait of a request. */
  readonly timeoutMs: number;
  /** Prompts remembered, in tokens. */
  readonly cacheTokens: number;
}

const FAILURES_TO_REST = 5;
const REST_MS = 10_000;
const MAX_NAMES = 10_000;

/** Engines asked over HTTP: `/tokenize`, or the render endpoints where it does not exist. */
export class HttpEngineTokens implements EngineTokens {
  private readonly agent: Agent;
  private readonly recent: LRUCache<string, Uint32Array>;
  private readonly apis = new LRUCache<string, TokenizeApi>({ max: MAX_NAMES });
  private readonly breakers = new LRUCache<string, CircuitBreakerPolicy>({ max: MAX_NAMES });
  private turn = 0;

  constructor(private readonly options: EngineTokensOptions) {
    const { timeoutMs, cacheTokens } = options;
    this.agent = new Agent({
      connections: 8,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      keepAliveTimeout: 4000,
    });
    this.recent = new LRUCache({
      maxSize: Math.max(1, cacheTokens),
      sizeCalculation: (ids, key) => 1 + ids.length + (key.length >> 2),
    });
  }

  /** @throws EngineHttpError; cockatiel's BrokenCircuitError while a model's engines are left alone after failures */
  async tokenize(
    model: string,
    prompt: EnginePrompt,
    engines: readonly string[],
    signal?: AbortSignal,
  ): Promise<Uint32Array> {
    const key = JSON.stringify([model, prompt]);
    const known = this.recent.get(key);
    if (known) return known;
    const address = engines[this.turn++ % engines.length];
    if (address === undefined) throw new EngineHttpError('unreachable', `no engine serves ${model}`);
    const { timeoutMs } = this.options;
    const ids = await this.breakerOf(model).execute(() =>
      this.ask(address, model, prompt, timeoutMs, signal),
    );
    this.recent.set(key, ids);
    return ids;
  }

  /** By whichever API the engine has. */
  async ask(
    address: string,
    model: string,
    prompt: EnginePrompt,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Uint32Array> {
    const deadlineMs = performance.now() + timeoutMs;
    const options = { dispatcher: this.agent, ...(signal ? { signal } : {}) };
    const by = (api: TokenizeApi) => {
      const left = Math.max(1, Math.round(deadlineMs - performance.now()));
      return tokenizeByEngine(address, model, prompt, api, { ...options, timeoutMs: left });
    };
    const api = this.apis.get(address) ?? 'tokenize';
    try {
      return await by(api);
    } catch (error) {
      if (!(error instanceof EngineHttpError) || !NO_SUCH_API.has(error.status ?? 0)) throw error;
      const other = api === 'tokenize' ? 'render' : 'tokenize';
      const ids = await by(other);
      this.apis.set(address, other);
      return ids;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private breakerOf(model: string): CircuitBreakerPolicy {
    let breaker = this.breakers.get(model);
    if (!breaker) {
      breaker = circuitBreaker(handleWhen(isEnginesFault), {
        halfOpenAfter: REST_MS,
        breaker: new ConsecutiveBreaker(FAILURES_TO_REST),
      });
      this.breakers.set(model, breaker);
    }
    return breaker;
  }
}

const NO_SUCH_API: ReadonlySet<number> = new Set([404, 405, 501]);
/** Answers to a prompt that is no good, or too long: the next one may be. */
const PROMPTS_FAULT: ReadonlySet<number> = new Set([400, 413, 422]);

const isEnginesFault = (error: unknown): boolean =>
  !(error instanceof EngineHttpError) ||
  (error.reason !== 'aborted' && !PROMPTS_FAULT.has(error.status ?? 0));
