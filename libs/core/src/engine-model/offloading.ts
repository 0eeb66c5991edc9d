import type { EngineProfile } from './engine-profile.js';
import type { EngineRequest } from './engine-request.js';
import { chunksToLoad } from './load-gate.js';
import { type PendingLoad, PendingLoads } from './pending-loads.js';
import type { SecondaryCache } from './secondary-cache.js';
import type { Sequence } from './sequence.js';

/** Longest step in which the engine only waits for a load: new requests are looked at after it. */
const MAX_WAIT_MS = 5;

interface OffloadingOptions {
  readonly profile: EngineProfile;
  readonly blockSize: number;
  readonly maxBatchedTokens: number;
  /** Whether to load only what is quicker to load than to compute. */
  readonly gate: boolean;
}

/** What to do with a sequence that could be admitted. */
export interface LoadChoice {
  /** 0: compute everything that is not on the GPU. */
  readonly chunks: number;
  readonly durationsMs: ArrayLike<number>;
}

const COMPUTE: LoadChoice = { chunks: 0, durationsMs: [] };

/**
 * The engine's side of its secondary cache, as vLLM v1 does it: a sequence that loads holds its blocks and stands
 * aside until they are filled, a second one that needs the same blocks waits for them, and complete prompt chunks are
 * stored at the end of the step that computed them.
 */
export class Offloading<R extends EngineRequest> {
  /** Loaded, in order of completion. */
  readonly ready: Sequence<R>[] = [];
  private readonly loads = new PendingLoads<R>();
  /** They wait for what another sequence loads. */
  private deferred: Sequence<R>[] = [];
  queryTokens = 0;
  hitTokens = 0;
  loadCount = 0;
  refusedCount = 0;

  constructor(
    private readonly cache: SecondaryCache<R>,
    private readonly options: OffloadingOptions,
  ) {
    if (!(Number.isSafeInteger(cache.blocksPerChunk) && cache.blocksPerChunk >= 1)) {
      throw new Error(
        `EngineModel: the secondary cache's blocksPerChunk (${cache.blocksPerChunk}) must be at least 1`,
      );
    }
  }

  get loading(): boolean {
    return this.loads.size > 0;
  }

  /** Sequences that stand aside: loading, waiting for another one's load, or loaded and not admitted yet. */
  get waiting(): number {
    return this.loads.live + this.deferred.length + this.ready.length;
  }

  /** Length of a step in which nothing is computed. Only while `loading`. */
  get waitMs(): number {
    return Math.min(MAX_WAIT_MS, this.loads.nextEndMs);
  }

  /** How much to load for a sequence whose first `hitBlocks` blocks are on the GPU. */
  choose(sequence: Sequence<R>, hitBlocks: number): LoadChoice {
    const { profile, blockSize, maxBatchedTokens, gate } = this.options;
    const { blocksPerChunk } = this.cache;
    const first = Math.floor(hitBlocks / blocksPerChunk);
    const end = Math.floor(sequence.request.promptBlocks.length / blocksPerChunk);
    if (first >= end) return COMPUTE;
    const durationsMs = this.cache.offer(sequence.request, first, end);
    if (durationsMs.length === 0) return COMPUTE;
    if (!gate) return { chunks: durationsMs.length, durationsMs };
    const chunks = chunksToLoad(profile, maxBatchedTokens, {
      computedTokens: hitBlocks * blockSize,
      knownTokens: sequence.knownTokens,
      loadedTokens: (n) => this.computedAfter(sequence, (first + n + 1) * blocksPerChunk),
      durationsMs,
      linkWaitMs: this.loads.linkWaitMs,
    });
    if (chunks === 0) this.refusedCount++;
    return { chunks, durationsMs };
  }

  /** Puts a sequence aside when what it would load is being loaded: that is there sooner. False otherwise. */
  defer(sequence: Sequence<R>, hitBlocks: number): boolean {
    if (!this.loads.isLoading(sequence, hitBlocks)) return false;
    this.deferred.push(sequence);
    return true;
  }

  /** Starts the chosen load. False when nothing arrives. The caller holds the blocks. */
  start(sequence: Sequence<R>, hitBlocks: number, choice: LoadChoice): boolean {
    const { blocksPerChunk } = this.cache;
    const first = Math.floor(hitBlocks / blocksPerChunk);
    const chunks =
      choice.chunks === 0
        ? 0
        : Math.min(choice.chunks, this.cache.load(sequence.request, first, choice.chunks));
    const untilBlock = (first + chunks) * blocksPerChunk;
    if (!sequence.preempted) {
      const computed = hitBlocks * this.options.blockSize;
      this.queryTokens += sequence.request.promptTokens - computed;
      if (chunks > 0) this.hitTokens += this.computedAfter(sequence, untilBlock) - computed;
    }
    if (chunks === 0) return false;
    this.loadCount++;
    // What was on the GPU or comes from storage needs no storing.
    sequence.offloadedChunks = first + chunks;
    this.loads.start(sequence, hitBlocks, untilBlock, choice.durationsMs[chunks - 1]!);
    return true;
  }

  /** Tokens of a sequence that need no computing once its first `blocks` blocks are filled. */
  computedAfter(sequence: Sequence<R>, blocks: number): number {
    return Math.min(blocks * this.options.blockSize, sequence.knownTokens - 1);
  }

  /** Lets a step's time pass; returns the loads that ended. */
  advance(ms: number): PendingLoad<R>[] {
    return this.loads.advance(ms);
  }

  /** Sequences that waited for loads, in order: to be asked again after any load has ended. */
  takeDeferred(): Sequence<R>[] {
    const taken = this.deferred;
    this.deferred = [];
    return taken;
  }

  /** Tells the cache which prompt chunks a step completed. */
  computed(sequence: Sequence<R>): void {
    const { request, computedTokens, offloadedChunks } = sequence;
    const tokens = Math.min(computedTokens, request.promptTokens);
    const complete = Math.floor(tokens / (this.options.blockSize * this.cache.blocksPerChunk));
    if (complete <= offloadedChunks) return;
    this.cache.store(request, offloadedChunks, complete);
    sequence.offloadedChunks = complete;
  }

  /**
   * A request has gone. `free`: its blocks are free at once; `later`: when its load has ended; undefined: it is not
   * here.
   */
  drop(sequence: Sequence<R>): 'free' | 'later' | undefined {
    if (this.loads.abandon(sequence)) return 'later';
    for (const list of [this.ready, this.deferred]) {
      const at = list.indexOf(sequence);
      if (at < 0) continue;
      list.splice(at, 1);
      return 'free';
    }
    return undefined;
  }
}
