import { BlockPool, type CachedContent } from './block-pool.js';
import { CacheEventLog } from './cache-event-log.js';
import { DecodeBatch } from './decode-batch.js';
import type { EngineGauges } from './engine-gauges.js';
import type { EngineOptions } from './engine-options.js';
import type { EngineProfile } from './engine-profile.js';
import type { EngineRequest } from './engine-request.js';
import { Offloading } from './offloading.js';
import { PrefixLookup } from './prefix-lookup.js';
import type { SecondaryCache } from './secondary-cache.js';
import { Sequence } from './sequence.js';
import type { StepOutcome } from './step-outcome.js';
import { stepTimeMs } from './step-time.js';

interface Chunk<R extends EngineRequest> {
  readonly sequence: Sequence<R>;
  readonly tokens: number;
}

/**
 * One engine: vLLM v1's scheduler (continuous batching under a token budget, running sequences first, chunked
 * prefill, recompute preemption of the newest) over a prefix cache, with the calibrated step time. Prompt blocks may
 * also come from a secondary cache, beside the steps. It has no clock: the driver calls `beginStep`, lets
 * `durationMs` pass, then calls `endStep`.
 */
export class EngineModel<R extends EngineRequest = EngineRequest> {
  readonly blockSize: number;
  readonly blockCount: number;
  private readonly profile: EngineProfile;
  private readonly maxBatchedTokens: number;
  private readonly maxSequences: number;
  private readonly pool: BlockPool;
  private readonly decodes: DecodeBatch<R>;
  private readonly events: CacheEventLog<R>;
  private readonly lookup: PrefixLookup;
  /** Absent without a secondary cache. */
  private readonly offloading: Offloading<R> | undefined;
  private readonly sequences = new Map<R['id'], Sequence<R>>();
  private readonly waiting: Sequence<R>[] = [];
  /** In order of admission; at most the last one is still prefilling. */
  private readonly running: Sequence<R>[] = [];
  private chunks: Chunk<R>[] = [];
  private preempted: R[] = [];
  private step = 0;
  private inStep = false;
  private stepMs = 0;
  private admissions = 0;
  private queryTokens = 0;
  private hitTokens = 0;
  private preemptions = 0;

  /** `secondary` absent: what leaves the GPU is computed again. */
  constructor(options: EngineOptions, secondary?: SecondaryCache<R>) {
    this.profile = options.profile;
    this.blockSize = options.blockSize ?? 16;
    this.blockCount = options.blockCount ?? Math.floor(options.profile.kvPoolTokens / this.blockSize);
    this.maxBatchedTokens = options.maxBatchedTokens ?? 8192;
    this.maxSequences = options.maxSequences ?? 256;
    if (this.blockSize < 1 || this.blockCount < 1) {
      throw new Error(
        `EngineModel: blockSize (${this.blockSize}) and blockCount (${this.blockCount}) must be at least 1`,
      );
    }
    if (this.maxSequences < 1 || this.maxBatchedTokens < this.maxSequences) {
      throw new Error(
        `EngineModel: maxBatchedTokens (${this.maxBatchedTokens}) must be at least maxSequences (${this.maxSequences})`,
      );
    }
    this.events = new CacheEventLog(options.reportCacheEvents ?? true);
    this.pool = new BlockPool(this.blockCount, (content) => this.events.removed(content));
    this.decodes = new DecodeBatch(this.blockSize);
    this.lookup = new PrefixLookup(this.pool, this.blockSize);
    const { profile, blockSize, maxBatchedTokens } = this;
    const gate = options.loadGate ?? true;
    this.offloading = secondary && new Offloading(secondary, { profile, blockSize, maxBatchedTokens, gate });
  }

  /** Puts a request in the queue. Throws when it could never fit, with the reason. */
  enqueue(request: R): void {
    const blocks = Math.ceil((request.promptTokens + request.outputTokens) / this.blockSize);
    const problem = this.refusal(request, blocks);
    if (problem) throw new RangeError(`request ${request.id} refused: ${problem}`);
    const sequence = new Sequence(request, blocks);
    this.sequences.set(request.id, sequence);
    this.waiting.push(sequence);
  }

  /** Schedules the next forward pass and says how long it takes; undefined when there is nothing to do. */
  beginStep(): { readonly durationMs: number } | undefined {
    if (this.inStep) throw new Error('EngineModel.beginStep: the step before has not ended; call endStep');
    if (this.running.length === 0 && this.waiting.length === 0 && !this.isOffloading()) return undefined;
    this.step++;
    this.chunks = [];
    this.preempted = [];
    this.scheduleDecodes();
    let budget = this.maxBatchedTokens - this.decodes.size;
    budget -= this.continuePrefill(budget);
    if (this.preempted.length === 0) this.admit(budget);
    this.inStep = true;
    const idle = this.decodes.size === 0 && this.chunks.length === 0;
    this.stepMs = idle && this.offloading?.loading ? this.offloading.waitMs : this.durationMs();
    return { durationMs: this.stepMs };
  }

  /** Completes the step that `beginStep` started. */
  endStep(): StepOutcome<R> {
    if (!this.inStep) throw new Error('EngineModel.endStep: no step has begun; call beginStep');
    this.inStep = false;
    const started: R[] = [];
    const resumed: R[] = [];
    const ended: Sequence<R>[] = [];
    let tokenCount = this.decodes.size;
    this.decodes.advance();
    for (let s = this.decodes.finishedIn(this.step); s; s = this.decodes.finishedIn(this.step)) {
      this.decodes.remove(s, this.step);
      ended.push(s);
    }
    for (const { sequence, tokens } of this.chunks) {
      sequence.computedTokens += tokens;
      this.offloading?.computed(sequence);
      if (sequence.computedTokens < sequence.knownTokens) continue;
      tokenCount++;
      (sequence.emittedTokens === 0 ? started : resumed).push(sequence.request);
      sequence.emittedTokens++;
      if (sequence.emittedTokens === sequence.request.outputTokens) ended.push(sequence);
      else this.decodes.add(sequence, this.step);
    }
    for (const sequence of ended) this.leave(sequence);
    if (this.offloading) this.finishLoads(this.offloading);
    const { step, running, preempted } = this;
    return {
      tokenCount,
      started,
      resumed,
      finished: ended.map((sequence) => sequence.request),
      preempted,
      cacheEvents: this.events.take(),
      forEachToken(visit) {
        for (const sequence of running) {
          if (!sequence.decoding) continue;
          visit(sequence.request, sequence.emittedTokens + step - sequence.firstDecodeStep);
        }
        for (const sequence of ended) visit(sequence.request, sequence.emittedTokens - 1);
      },
    };
  }

  /** Drops a request, also between beginStep and endStep (it then gets no token). False when unknown. */
  abort(id: R['id']): boolean {
    const sequence = this.sequences.get(id);
    if (!sequence) return false;
    const queued = this.waiting.indexOf(sequence);
    if (queued >= 0) {
      this.waiting.splice(queued, 1);
      this.sequences.delete(id);
      return true;
    }
    const aside = this.offloading?.drop(sequence);
    if (aside) {
      this.sequences.delete(id);
      if (aside === 'free') this.free(sequence);
      return true;
    }
    // A step in flight has not advanced the counters; its work on the sequence is thrown away.
    if (sequence.decoding) this.decodes.remove(sequence, this.inStep ? this.step - 1 : this.step);
    this.chunks = this.chunks.filter((chunk) => chunk.sequence !== sequence);
    this.leave(sequence);
    return true;
  }

  /** Empties the prefix cache (vLLM's AllBlocksCleared). Only possible while nothing runs; returns whether done. */
  reset(): boolean {
    return this.pool.clear();
  }

  /** Everything in the prefix cache, including what the step in flight stored. */
  cachedContents(): CachedContent[] {
    return this.pool.cached();
  }

  gauges(): EngineGauges {
    return {
      waiting: this.waiting.length + (this.offloading?.waiting ?? 0),
      running: this.running.length,
      kvUsage: 1 - this.pool.freeCount / this.blockCount,
      prefixCacheQueryTokens: this.queryTokens,
      prefixCacheHitTokens: this.hitTokens,
      preemptions: this.preemptions,
      externalQueryTokens: this.offloading?.queryTokens ?? 0,
      externalHitTokens: this.offloading?.hitTokens ?? 0,
      loads: this.offloading?.loadCount ?? 0,
      loadsRefused: this.offloading?.refusedCount ?? 0,
    };
  }

  private refusal(request: R, blocks: number): string | undefined {
    const { promptTokens, outputTokens, promptBlocks } = request;
    if (!(Number.isSafeInteger(promptTokens) && promptTokens >= 1)) return 'promptTokens must be at least 1';
    if (!(Number.isSafeInteger(outputTokens) && outputTokens >= 1)) return 'outputTokens must be at least 1';
    const fullBlocks = Math.floor(promptTokens / this.blockSize);
    if (promptBlocks.length !== fullBlocks) {
      return `promptBlocks must name its ${fullBlocks} full blocks, it names ${promptBlocks.length}`;
    }
    if (this.sequences.has(request.id)) return 'a request with this id is in the engine';
    if (blocks > this.blockCount) {
      return `${promptTokens} + ${outputTokens} tokens need ${blocks} KV blocks, the engine has ${this.blockCount}`;
    }
    return undefined;
  }

  private durationMs(): number {
    let kTokens = 0;
    let squared = 0;
    for (const { sequence, tokens } of this.chunks) {
      const k = tokens / 1000;
      kTokens += k;
      squared += (2 * sequence.computedTokens * k) / 1000 + k * k;
    }
    return stepTimeMs(this.profile, {
      decodingSequences: this.decodes.size,
      decodeContextTokens: this.decodes.contextTokens,
      prefillKTokens: kTokens,
      prefillKTokensSquared: squared,
    });
  }

  private scheduleDecodes(): void {
    const opening = this.decodes.openingBlockIn(this.step);
    // Victims are the newest running, hence behind the one served now, or that one itself.
    for (let i = 0; i < opening.length; i++) {
      const sequence = opening[i]!;
      while (this.pool.freeCount === 0 && sequence.decoding) this.preemptNewest();
      if (!sequence.decoding) break;
      sequence.blocks[sequence.blockCount++] = this.pool.allocate();
    }
    for (const sequence of this.decodes.fillingBlockIn(this.step)) {
      this.storeBlocks(sequence, sequence.storedBlocks + 1);
    }
  }

  /** Next chunk of the sequence that is still prefilling; returns its tokens. */
  private continuePrefill(budget: number): number {
    const sequence = this.running.at(-1);
    if (!sequence || sequence.decoding || budget === 0) return 0;
    const tokens = Math.min(sequence.knownTokens - sequence.computedTokens, budget);
    const blocks = Math.ceil((sequence.computedTokens + tokens) / this.blockSize);
    if (blocks - sequence.blockCount > this.pool.freeCount) {
      this.preemptNewest();
      return 0;
    }
    this.grow(sequence, blocks);
    this.schedule(sequence, tokens);
    return tokens;
  }

  private admit(budgetTokens: number): void {
    let budget = budgetTokens;
    const { offloading } = this;
    if (offloading) budget -= this.admitLoaded(offloading.ready, budget);
    while (budget > 0 && this.waiting.length > 0 && this.running.length < this.maxSequences) {
      const sequence = this.waiting[0]!;
      const plan = this.lookup.plan(sequence, budget);
      if (!plan) return;
      this.waiting.shift();
      const load = offloading?.choose(sequence, plan.hitBlocks);
      if (load && load.chunks > 0 && offloading?.defer(sequence, plan.hitBlocks)) continue;
      for (let i = 0; i < plan.hitBlocks; i++) {
        const block = plan.hits[i]!;
        this.pool.acquire(block);
        sequence.blocks[i] = block;
      }
      sequence.blockCount = plan.hitBlocks;
      sequence.storedBlocks = plan.hitBlocks;
      sequence.computedTokens = plan.hitBlocks * this.blockSize;
      if (!sequence.preempted) {
        this.queryTokens += sequence.request.promptTokens;
        this.hitTokens += sequence.computedTokens;
      }
      if (load && offloading?.start(sequence, plan.hitBlocks, load)) {
        // All it will need to start: sequences that hold loaded blocks must not wait for each other's.
        this.grow(sequence, Math.ceil(sequence.knownTokens / this.blockSize));
        continue;
      }
      this.grow(sequence, plan.totalBlocks);
      this.run(sequence, plan.tokens);
      budget -= plan.tokens;
    }
  }

  /** First chunks of sequences whose load has ended; returns their tokens. */
  private admitLoaded(ready: Sequence<R>[], budget: number): number {
    let used = 0;
    while (ready.length > 0 && used < budget && this.running.length < this.maxSequences) {
      const sequence = ready.shift()!;
      const tokens = Math.min(sequence.knownTokens - sequence.computedTokens, budget - used);
      this.run(sequence, tokens);
      used += tokens;
    }
    return used;
  }

  private run(sequence: Sequence<R>, tokens: number): void {
    sequence.admission = this.admissions++;
    this.running.push(sequence);
    this.schedule(sequence, tokens);
  }

  /** Makes loaded blocks findable, as vLLM does when a load has ended. */
  private finishLoads(offloading: Offloading<R>): void {
    const ended = offloading.advance(this.stepMs);
    if (ended.length === 0) return;
    for (const { sequence, untilBlock, abandoned } of ended) {
      if (abandoned) {
        this.free(sequence);
        continue;
      }
      this.storeBlocks(sequence, untilBlock, true);
      sequence.computedTokens = offloading.computedAfter(sequence, untilBlock);
      offloading.ready.push(sequence);
    }
    this.waiting.unshift(...offloading.takeDeferred());
  }

  private isOffloading(): boolean {
    return this.offloading !== undefined && (this.offloading.loading || this.offloading.waiting > 0);
  }

  private grow(sequence: Sequence<R>, blocks: number): void {
    while (sequence.blockCount < blocks) sequence.blocks[sequence.blockCount++] = this.pool.allocate();
  }

  private schedule(sequence: Sequence<R>, tokens: number): void {
    this.chunks.push({ sequence, tokens });
    // Like vLLM, blocks are findable from here on: the step writes them before anything reads them.
    this.storeBlocks(sequence, Math.floor((sequence.computedTokens + tokens) / this.blockSize));
  }

  private storeBlocks(sequence: Sequence<R>, until: number, loaded = false): void {
    const from = sequence.storedBlocks;
    if (until <= from) return;
    let parent = from === 0 ? -1 : this.pool.contentOf(sequence.blocks[from - 1]!);
    this.events.beginStored(sequence.request, from, parent, loaded);
    for (let i = from; i < until; i++) {
      const content = sequence.contentOf(i);
      this.pool.store(sequence.blocks[i]!, content, parent);
      this.events.stored(content);
      parent = content;
    }
    sequence.storedBlocks = until;
  }

  private preemptNewest(): void {
    const sequence = this.running.pop()!;
    if (sequence.decoding) this.decodes.remove(sequence, this.step - 1);
    sequence.rememberGenerated((block) => this.pool.contentOf(block));
    this.free(sequence);
    sequence.computedTokens = 0;
    sequence.preempted = true;
    this.waiting.unshift(sequence);
    this.preempted.push(sequence.request);
    this.preemptions++;
  }

  private leave(sequence: Sequence<R>): void {
    this.running.splice(this.running.indexOf(sequence), 1);
    this.sequences.delete(sequence.request.id);
    this.free(sequence);
  }

  /** Tails first, so that the beginnings of prompts stay longest. */
  private free(sequence: Sequence<R>): void {
    for (let i = sequence.blockCount - 1; i >= 0; i--) this.pool.release(sequence.blocks[i]!);
    sequence.blockCount = 0;
    sequence.storedBlocks = 0;
  }
}
