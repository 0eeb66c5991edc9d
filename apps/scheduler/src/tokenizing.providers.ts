import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FactoryProvider } from '@nestjs/common';
import { TokenizerWorkers } from '@penstock/engine';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { HttpEngineTokens } from './adapters/http-engine-tokens.js';
import { TokenizerStore, type TokenizerStoreOptions } from './adapters/tokenizer-store.js';
import type { Fleet } from './application/fleet.js';
import { TokenizePrompt } from './application/tokenize-prompt.js';
import { tokenizerNamesOf } from './application/tokenizing/tokenizer-names-setting.js';
import { TokenizerParity } from './application/tokenizing/tokenizer-parity.js';
import { FLEET, TOKENIZER_THREADS } from './application/tokens.js';
import type { Config } from './config.js';
import { SchedulerMetrics } from './metrics.js';
import { TokenizingLife } from './tokenizing-life.js';

type Context = ServiceContext<Config>;

/** Of a token in memory: its id, and its text. */
const BYTES_PER_TOKEN = 16;
/** Comparing tokens is not urgent. */
const PARITY_TIMEOUT_MS = 5000;

/** The part of the scheduler that turns prompts into tokens; `app.module.ts` has the rest. */
export const tokenizingProviders: FactoryProvider[] = [
  {
    provide: TokenizerStore,
    useFactory: ({ config, logger }: Context, metrics: SchedulerMetrics, threads: TokenizerWorkers | null) =>
      new TokenizerStore({
        ...placesOf(config),
        onLoaded: (model, { source, origin, tokenizer }) => {
          metrics.tokenizerLoaded(model, 'loaded');
          logger.info(
            { model, path: source.dir, kind: origin, state: tokenizer.sharing.cuts },
            'tokenizer loaded',
          );
          // The threads have it before the first long prompt comes.
          threads
            ?.encode(source, [], { timeoutMs: LOAD_TIMEOUT_MS })
            .catch((error: Error) =>
              logger.warn({ model, reason: error.message }, 'tokenizer not loaded by a thread'),
            );
        },
        onProblem: (model, error) => {
          metrics.tokenizerLoaded(model, 'failed');
          logger.warn({ model, reason: error.message }, 'tokenizer not loaded');
        },
      }).open(),
    inject: [SERVICE_CONTEXT, SchedulerMetrics, TOKENIZER_THREADS],
  },
  {
    provide: TOKENIZER_THREADS,
    useFactory: ({ config }: Context) =>
      config.tokenizeThreads > 0 && TokenizerWorkers.available
        ? new TokenizerWorkers({ threads: config.tokenizeThreads })
        : null,
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: HttpEngineTokens,
    useFactory: ({ config }: Context) =>
      new HttpEngineTokens({
        timeoutMs: Math.max(1, config.engineTokenizeTimeoutMs),
        cacheTokens: config.tokenCacheTokens,
      }),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: TokenizerParity,
    useFactory: (fleet: Fleet, tokenizers: TokenizerStore, engines: HttpEngineTokens, { logger }: Context) =>
      new TokenizerParity({
        ...{ fleet, tokenizers },
        ask: (address, model, prompt) => engines.ask(address, model, prompt, PARITY_TIMEOUT_MS),
        nowMs: () => performance.now(),
        onChange: ({ model, kind, outcome, detail }) => {
          const facts = { model, prompt: kind, outcome, ...(detail === undefined ? {} : { detail }) };
          if (outcome === 'drift')
            logger.error(facts, 'the tokenizer is not that of the engines, which tokenise instead');
          else logger.info(facts, 'tokens compared with the engines');
        },
      }),
    inject: [FLEET, TokenizerStore, HttpEngineTokens, SERVICE_CONTEXT],
  },
  {
    provide: TokenizingLife,
    useFactory: (
      tokenizers: TokenizerStore,
      parity: TokenizerParity,
      engines: HttpEngineTokens,
      threads: TokenizerWorkers | null,
    ) => new TokenizingLife(tokenizers, parity, engines, threads),
    inject: [TokenizerStore, TokenizerParity, HttpEngineTokens, TOKENIZER_THREADS],
  },
  {
    provide: TokenizePrompt,
    useFactory: (
      tokenizers: TokenizerStore,
      parity: TokenizerParity,
      threads: TokenizerWorkers | null,
      engines: HttpEngineTokens,
      observer: SchedulerMetrics,
      { config }: Context,
    ) =>
      new TokenizePrompt({
        ...{ tokenizers, parity, observer },
        threadChars: config.tokenizeThreadChars,
        timeoutMs: config.tokenizeTimeoutMs,
        ...(threads ? { workers: threads } : {}),
        ...(config.engineTokenizeTimeoutMs > 0 ? { engines } : {}),
      }),
    inject: [
      TokenizerStore,
      TokenizerParity,
      TOKENIZER_THREADS,
      HttpEngineTokens,
      SchedulerMetrics,
      SERVICE_CONTEXT,
    ],
  },
];

/** A thread may take this long to load a large vocabulary. */
const LOAD_TIMEOUT_MS = 60_000;

/** Where the settings say that tokenizers are. */
function placesOf(config: Config): TokenizerStoreOptions {
  const { tokenizerDir, tokenizersDir, tokenizerRepository, tokenizerTokenFile } = config;
  const cacheDir = config.tokenizerCacheDir ?? join(tmpdir(), 'penstock-tokenizers');
  const repository =
    tokenizerRepository === undefined ? undefined : { baseUrl: tokenizerRepository, cacheDir };
  return {
    names: tokenizerNamesOf(config.tokenizerNames),
    memoBytes: config.tokenCacheTokens * BYTES_PER_TOKEN,
    ...(tokenizerDir === undefined ? {} : { defaultDir: tokenizerDir }),
    ...(tokenizersDir === undefined ? {} : { folder: tokenizersDir }),
    ...(repository === undefined
      ? {}
      : { repository: { ...repository, ...(tokenizerTokenFile ? { tokenFile: tokenizerTokenFile } : {}) } }),
  };
}
