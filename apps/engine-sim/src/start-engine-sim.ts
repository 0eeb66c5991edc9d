import type { AddressInfo } from 'node:net';
import { findProfile } from '@penstock/core/engine-model';
import { BlockHasher, loadTokenizer } from '@penstock/engine';
import { CompletionApi } from './api/completion-api.js';
import { DebugApi } from './api/debug-api.js';
import { createHttpServer } from './api/http-server.js';
import { createRoutes } from './api/routes.js';
import { TokenizeApi } from './api/tokenize-api.js';
import { Failures } from './engine/failures.js';
import { PublishedCache } from './engine/published-cache.js';
import { SimulatedEngine } from './engine/simulated-engine.js';
import { VirtualClock } from './engine/virtual-clock.js';
import { ZmqEventFeed } from './engine/zmq-event-feed.js';
import { EngineMetrics } from './metrics.js';
import type { EngineSimOptions } from './options/options.js';
import { openStorage } from './storage/open-storage.js';

/** A running engine. */
export interface EngineSim {
  readonly url: string;
  /** ZMQ endpoints of the cache events and their replay; null when there are none. */
  readonly kvEvents: string | null;
  readonly kvReplay: string | null;
  /** Things the options asked for that were done differently. */
  readonly warnings: readonly string[];
  /** Completion requests accepted so far. */
  submitted(): number;
  /** Of these, not finished yet. */
  active(): number;
  /** Stops accepting, lets running requests end for at most `drainMs` wall ms, then closes everything. */
  stop(drainMs: number): Promise<void>;
}

/** What the process around the engine provides. */
export interface EngineSimHost {
  /** Ends the process without a goodbye (failure injection). */
  crash(): void;
  /** An error nobody expected; `path` is the endpoint. */
  logError(error: unknown, path: string, requestId: string): void;
}

/** Assembles an engine and starts listening. Throws when options do not fit together or a port is taken. */
export async function startEngineSim(options: EngineSimOptions, host: EngineSimHost): Promise<EngineSim> {
  const profile = findProfile({
    gpu: options.gpu,
    model: options.timedAs,
    dtype: options.dtype,
    tp: options.tensorParallel,
  });
  const blockSize = options.blockSizeTokens;
  const blockCount = options.blockCount ?? Math.floor(profile.kvPoolTokens / blockSize);
  const { maxModelLenTokens, warnings } = contextLimit(options.maxModelLenTokens, blockCount * blockSize);
  const tokenizer = await loadTokenizer(options.tokenizerDir);
  tokenizer.words();
  const hasher = new BlockHasher({ blockSize, seed: options.hashSeed });
  const clock = new VirtualClock(options.speed);
  const failures = new Failures(options.seed, options.failures);
  const metrics = new EngineMetrics(
    { modelName: options.servedModelNames[0]!, blockSize, blockCount },
    () => engine,
  );
  const feed = options.kvEvents && (await ZmqEventFeed.open(options.kvEvents, options));
  const cache = new PublishedCache(blockSize, feed);
  const storage =
    options.storage &&
    (await openStorage(options.storage, options, profile, feed, (error) =>
      host.logError(error, 'storing chunks', '-'),
    ).catch(async (error: unknown) => {
      await feed?.close();
      throw error;
    }));
  if (storage) metrics.describeStorage(storage.counters);
  const engine: SimulatedEngine = new SimulatedEngine({
    profile,
    blockSize,
    blockCount,
    maxSequences: options.maxSequences,
    maxBatchedTokens: options.maxBatchedTokens,
    clock,
    observer: metrics,
    cache,
    storage,
  });
  let draining = false;
  const { model, servedModelNames, seed, speed } = options;
  const server = createHttpServer(
    createRoutes({
      completions: new CompletionApi({
        engine,
        tokenizer,
        hasher,
        failures,
        servedModelNames,
        maxModelLenTokens,
        seed,
        speed,
      }),
      tokenize: new TokenizeApi(tokenizer, maxModelLenTokens),
      debug: options.debug
        ? new DebugApi(engine, cache, failures, storage, hasher, () => feed?.lastSequence ?? null, host.crash)
        : undefined,
      engine,
      failures,
      registry: metrics.registry,
      model,
      servedModelNames,
      maxModelLenTokens,
      draining: () => draining,
    }),
    host.logError,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port, options.host, resolve);
    });
  } catch (error) {
    await storage?.close();
    await feed?.close();
    throw error;
  }
  engine.hang(options.failures.hang !== 'no');
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    kvEvents: feed?.endpoint ?? null,
    kvReplay: feed?.replayEndpoint ?? null,
    warnings,
    submitted: () => engine.submittedCount,
    active: () => engine.activeCount(),
    async stop(drainMs) {
      draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      const deadlineMs = performance.now() + drainMs;
      while (engine.activeCount() > 0 && performance.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      engine.abortAll('The engine is shutting down');
      engine.stop();
      server.closeIdleConnections();
      // Answers just ended still have bytes on the way; what is open after that is not going to end.
      const force = setTimeout(() => server.closeAllConnections(), 200);
      await closed;
      clearTimeout(force);
      await storage?.close();
      await feed?.close();
    },
  };
}

/** The pool must hold at least one request of full length. */
function contextLimit(wanted: number, poolTokens: number): { maxModelLenTokens: number; warnings: string[] } {
  if (wanted <= poolTokens) return { maxModelLenTokens: wanted, warnings: [] };
  return {
    maxModelLenTokens: poolTokens,
    warnings: [`--max-model-len ${wanted} lowered to ${poolTokens}, the tokens that the KV cache holds`],
  };
}
