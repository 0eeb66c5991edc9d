import {
  type CacheEvent,
  type EngineGauges,
  EngineModel,
  type EngineProfile,
  type SecondaryCache,
} from '@penstock/core/engine-model';
import type { Generation } from './generation.js';
import type { PublishedCache } from './published-cache.js';
import { StepLoop } from './step-loop.js';
import type { VirtualClock } from './virtual-clock.js';

/** What the engine tells its metrics. Times are virtual seconds. */
export interface EngineObserver {
  firstToken(ttftSeconds: number, promptTokens: number): void;
  tokenGap(seconds: number): void;
  generated(tokens: number): void;
  finished(request: Generation, e2eSeconds: number): void;
  aborted(): void;
}

export interface SimulatedEngineOptions {
  readonly profile: EngineProfile;
  readonly blockSize: number;
  readonly blockCount: number;
  readonly maxSequences: number;
  readonly maxBatchedTokens: number;
  readonly clock: VirtualClock;
  readonly observer: EngineObserver;
  readonly cache: PublishedCache;
  /** Absent: blocks are only on the GPU. */
  readonly storage?: SecondaryCache<Generation>;
}

/** The engine model in real time: requests in, tokens out, cache events published after every step. */
export class SimulatedEngine {
  private readonly model: EngineModel<Generation>;
  private readonly loop: StepLoop;
  private readonly observer: EngineObserver;
  private readonly cache: PublishedCache;
  private readonly active = new Set<Generation>();
  /** Generations with tokens that are not reported yet. */
  private readonly ready = new Set<Generation>();
  private inStep = false;
  /** Requests queued so far. */
  submittedCount = 0;

  constructor(options: SimulatedEngineOptions) {
    this.observer = options.observer;
    this.cache = options.cache;
    this.model = new EngineModel<Generation>(options, options.storage);
    this.loop = new StepLoop(options.clock, {
      begin: () => {
        const step = this.model.beginStep();
        this.inStep = step !== undefined;
        return step;
      },
      end: (atMs) => this.endStep(atMs),
      flush: () => this.flush(),
    });
  }

  /** Queues a request. Throws RangeError with the reason when it can never fit. */
  submit(generation: Generation): void {
    // Of a machine that is behind, a request is looked at in a step that was due before it came.
    generation.arrivedAtMs = this.loop.nowMs;
    this.model.enqueue(generation);
    this.active.add(generation);
    this.submittedCount++;
    this.loop.wake();
  }

  /** Drops a request and frees what it holds; nothing happens when it has finished. */
  abort(generation: Generation): void {
    if (!this.active.delete(generation)) return;
    this.ready.delete(generation);
    this.model.abort(generation.id);
    this.observer.aborted();
  }

  /** Drops everything and tells the listeners why. */
  abortAll(reason: string): void {
    for (const generation of [...this.active]) {
      this.abort(generation);
      generation.listener?.failed(reason);
    }
  }

  /** Empties the prefix cache; false while requests use it. */
  resetCache(): boolean {
    if (this.inStep || !this.model.reset()) return false;
    this.cache.clear();
    return true;
  }

  gauges(): EngineGauges {
    return this.model.gauges();
  }

  activeCount(): number {
    return this.active.size;
  }

  /** Virtual ms by which the machine is behind. */
  lagMs(): number {
    return this.loop.lagMs;
  }

  /**
   * Contents cached now, from the model itself; undefined while a step is in flight, since its changes are not
   * published yet.
   */
  cachedContents(): ReturnType<EngineModel['cachedContents']> | undefined {
    return this.inStep ? undefined : this.model.cachedContents();
  }

  hang(hanging: boolean): void {
    if (hanging) this.loop.pause();
    else this.loop.resume();
  }

  stop(): void {
    this.loop.stop();
  }

  private endStep(atMs: number): void {
    const outcome = this.model.endStep();
    this.inStep = false;
    this.noteHits(outcome.cacheEvents);
    this.cache.publish(outcome.cacheEvents);
    for (const generation of outcome.started) this.start(generation, atMs);
    outcome.forEachToken((generation, index) => {
      if (index > 0) this.observer.tokenGap((atMs - generation.lastTokenAtMs) / 1000);
      generation.lastTokenAtMs = atMs;
      generation.emittedTokens = index + 1;
      this.ready.add(generation);
    });
    if (outcome.tokenCount > 0) this.observer.generated(outcome.tokenCount);
    for (const generation of outcome.finished) {
      this.active.delete(generation);
      this.observer.finished(generation, (atMs - generation.arrivedAtMs) / 1000);
    }
  }

  private noteHits(events: readonly CacheEvent<Generation>[]): void {
    for (const event of events) {
      if (event.type === 'stored' && !event.loaded) event.request.firstComputedBlock ??= event.firstBlock;
    }
  }

  private start(generation: Generation, atMs: number): void {
    // A request that computed no block before its first token had all its full blocks in the cache or in storage.
    const hitBlocks = generation.firstComputedBlock ?? generation.promptBlocks.length;
    const { promptBlocks, promptTokens } = generation;
    // As vLLM counts: what was loaded too; the last token is always computed.
    generation.cachedTokens = Math.min(
      Math.min(hitBlocks, promptBlocks.length) * this.model.blockSize,
      promptTokens - 1,
    );
    this.observer.firstToken((atMs - generation.arrivedAtMs) / 1000, generation.promptTokens);
  }

  private flush(): void {
    for (const generation of this.ready) {
      const from = generation.reportedTokens;
      generation.reportedTokens = generation.emittedTokens;
      generation.listener?.tokens(
        from,
        generation.emittedTokens,
        generation.emittedTokens === generation.outputTokens,
      );
    }
    this.ready.clear();
  }
}
