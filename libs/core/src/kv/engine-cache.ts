import type { StoredDelta } from '../ports/block-store.js';
import { BatchOrder, type Landmark, markOf } from './batch-order.js';
import { BlockLedger, type LedgerChanges } from './block-ledger.js';
import { type EngineCacheCounters, emptyCounters } from './engine-cache-counters.js';
import type { EngineBatch } from './engine-events.js';
import { EventApplier } from './event-applier.js';
import { ReplayCheck } from './replay-check.js';
import { type StoredFile, StoredFiles } from './stored-files.js';
import type { EngineBlocks, KvDelta, KvSnapshot } from './types.js';

export interface EngineCacheOptions {
  readonly engineId: string;
  /** Served name of the base model: part of every key. */
  readonly model: string;
  /** Tokens per block; learned from the first stored event when absent. */
  readonly blockSize?: number;
  /** Incarnations of this engine used before, if known: the cache begins with a larger one. */
  readonly incarnationAfter?: number;
  /** Blocks kept from an earlier process; nothing of them is published before a replay proves the engine's life the same. */
  readonly restored?: RestoredCache;
  readonly maxOrphanBlocks?: number;
  /** Whether files that the engine announces on storage wait for `takeFiles`; else it counts as their holder. */
  readonly collectFiles?: boolean;
  /** Live batches kept while a replay is under way. */
  readonly maxParkedBatches?: number;
}

export interface RestoredCache {
  readonly blocks: EngineBlocks;
  /** Last engine batch contained in `blocks`. */
  readonly engineSequence: number;
  /** A batch of that life, not after `engineSequence`. */
  readonly landmark: Landmark;
}

/** Blocks that left the engine whose keys are kept for files that are announced late. */
const REMEMBERED_BLOCKS = 16_384;

/** Replays in a row that may end before the live batches begin (they race with a subscription being set up). */
const MAX_FRUITLESS_REPLAYS = 2;

/** Wanted from the caller: the engine's batches from this sequence on, through `replayed`, then `replayEnded`. */
export interface ReplayRequest {
  readonly fromSequence: number;
}

/** A coalesced change: for the replicas, and for the block store. Both have the same sequence. */
export interface EngineDelta {
  readonly delta: KvDelta;
  readonly stored: StoredDelta;
}

/**
 * What one engine holds, followed from its events. Pure: batches in, deltas and wishes out. A batch taken twice changes
 * nothing; a sequence that went back is a restart, and everything known before it is given up (a new incarnation); after
 * a gap the engine's replay is asked for, and only what provably continues the same life is kept.
 */
export class EngineCache {
  readonly counters: EngineCacheCounters = emptyCounters();
  private readonly ledger: BlockLedger;
  private readonly order = new BatchOrder();
  private readonly files: StoredFiles | undefined;
  private readonly applier: EventApplier;
  private replay: ReplayCheck | undefined;
  private parked: EngineBatch[] = [];
  private life: number;
  private deltaSequence = 0;
  private engineSequenceTaken = -1;
  private landmarkTaken: Landmark | undefined;
  private fenceUnseen = true;
  private unproven: boolean;
  private fruitlessReplays = 0;
  private suspected = false;
  private readonly engineId: string;
  private readonly landmark: Landmark | undefined;
  private readonly maxParkedBatches: number;

  /** `nowMs` is the caller's clock; incarnations are made from it so that they grow without being stored anywhere. */
  constructor(options: EngineCacheOptions, nowMs: number) {
    const { model, blockSize, incarnationAfter = 0, restored, maxOrphanBlocks = 16_384 } = options;
    if (options.collectFiles) this.files = new StoredFiles();
    this.ledger = new BlockLedger(options.collectFiles ? REMEMBERED_BLOCKS : 0);
    this.engineId = options.engineId;
    this.maxParkedBatches = options.maxParkedBatches ?? 10_000;
    this.landmark = restored?.landmark;
    this.applier = new EventApplier(model, this.ledger, this.counters, {
      blockSize,
      maxOrphanBlocks,
      files: this.files,
    });
    this.life = Math.max(incarnationAfter + 1, Math.floor(nowMs));
    this.unproven = restored !== undefined;
    if (!restored) return;
    for (const { tier, engineHashes, keys } of restored.blocks) {
      for (let i = 0; i < engineHashes.length; i++)
        this.ledger.store(engineHashes[i] as bigint, keys[i] as bigint, tier);
    }
    this.order.resume(restored.engineSequence);
  }

  get incarnation(): number {
    return this.life;
  }

  /** Last delta taken in this incarnation; 0 before the first. */
  get sequence(): number {
    return this.deltaSequence;
  }

  /** Last engine batch applied; -1 before the first. */
  get engineSequence(): number {
    return this.order.last;
  }

  /** Last engine batch contained in the last delta. */
  get publishedEngineSequence(): number {
    return this.engineSequenceTaken;
  }

  /** Proof of life as of the last delta; store it with the blocks. */
  get publishedLandmark(): Landmark | undefined {
    return this.landmarkTaken;
  }

  get replaying(): boolean {
    return this.replay !== undefined;
  }

  get blockSize(): number {
    return this.applier.blockSize;
  }

  get blocks(): number {
    return this.ledger.blocks;
  }

  get orphanBlocks(): number {
    return this.applier.orphanBlocks;
  }

  /** Live batches received that wait for the replay under way. */
  get parkedBatches(): number {
    return this.parked.length;
  }

  /** Upper bound of the blocks in the next delta: take one when it grows large. */
  get pendingChanges(): number {
    return this.ledger.pendingChanges;
  }

  /** Begins to follow: everything the engine still has is wanted, or what follows the restored state. */
  start(): ReplayRequest {
    return this.ask(this.unproven ? this.landmark : undefined);
  }

  /** Takes a live batch. */
  receive(batch: EngineBatch, nowMs: number): ReplayRequest | undefined {
    if (this.replay) {
      if (this.parked.length < this.maxParkedBatches) this.parked.push(batch);
      else this.counters.droppedBatches++;
      return undefined;
    }
    const place = this.order.place(batch);
    if (place === 'next') this.take(batch);
    else if (place === 'duplicate') this.counters.duplicateBatches++;
    else if (place === 'gap') {
      this.counters.gaps++;
      this.parked.push(batch);
      return this.verify(nowMs);
    } else {
      this.counters.restarts++;
      this.fence(nowMs);
      if (batch.sequence > 0) {
        this.parked.push(batch);
        return this.ask(undefined);
      }
      this.take(batch);
    }
    return undefined;
  }

  /** Takes a batch of the replay asked for last. */
  replayed(batch: EngineBatch, nowMs: number): void {
    const { replay } = this;
    if (!replay) return;
    const verdict = replay.judge(batch);
    if (verdict === 'ignore') return;
    const [oldest] = this.parked;
    if (oldest?.sequence === batch.sequence && markOf(oldest) === markOf(batch)) this.parked.shift();
    if (verdict === 'proven') {
      this.order.recall(batch);
      return;
    }
    if (verdict === 'too-late') {
      this.counters.truncatedReplays++;
      if (this.order.last >= 0 || this.unproven) this.fence(nowMs);
      this.take(batch);
      return;
    }
    const place = this.order.place(batch);
    if (place === 'next') this.take(batch);
    else if (place === 'gap') {
      this.fence(nowMs);
      this.take(batch);
    } else this.order.recall(batch);
  }

  /**
   * Ends the replay; `complete` is false when it broke off or was not possible. Then come the live batches that waited.
   * Returns a request when another replay is needed; a replay that keeps leaving the same gap is not asked for for ever.
   */
  replayEnded(complete: boolean, nowMs: number): ReplayRequest | undefined {
    const { replay } = this;
    if (!replay) return undefined;
    this.replay = undefined;
    if (!complete) this.counters.failedReplays++;
    if (!replay.sameLife) {
      if (complete) this.counters.restarts++;
      this.fence(nowMs);
      if (complete) return this.ask(undefined);
    }
    this.unproven = false;
    const waiting = this.parked;
    this.parked = [];
    const [first] = waiting;
    // Nothing live shows that the part that came is the whole: what follows it may have taken its blocks back.
    if (!complete && !first && this.order.last >= 0) this.fence(nowMs);
    const gap = first !== undefined && this.order.place(first) === 'gap';
    this.fruitlessReplays = gap ? this.fruitlessReplays + 1 : 0;
    if (gap && (!complete || this.fruitlessReplays > MAX_FRUITLESS_REPLAYS)) this.skipTo(first, nowMs);
    let request: ReplayRequest | undefined;
    for (const batch of waiting) request = this.receive(batch, nowMs) ?? request;
    if (!this.suspected || this.replay) return request;
    return this.suspect(nowMs);
  }

  /**
   * The connection to the engine was lost and is there again: batches may be missing and the engine may be another one,
   * even where the numbers continue. Returns the replay that tells; during another replay it comes after that one.
   */
  suspect(nowMs: number): ReplayRequest | undefined {
    this.suspected = this.replay !== undefined;
    return this.suspected ? undefined : this.verify(nowMs);
  }

  /** A batch could not be read, so removals may be lost: everything known is given up and it goes on after that batch. */
  unreadable(sequence: number, nowMs: number): void {
    this.fence(nowMs);
    this.order.resume(sequence);
    this.replay?.freed();
  }

  /**
   * Gives up everything known and asks for all that the engine still has: its process is another one, or a failed replay
   * left history missing.
   */
  beginAnew(nowMs: number): ReplayRequest {
    this.parked = [];
    this.fence(nowMs);
    return this.ask(undefined);
  }

  /**
   * What changed since the last call; undefined when nothing did. The first delta of an incarnation comes even when it is
   * empty, because it ends the incarnation before. Nothing comes while restored blocks are unproven, and only that empty
   * one during a replay: what a history stored its later batches may have removed.
   */
  takeDelta(): EngineDelta | undefined {
    if (this.unproven || (this.replay && !this.fenceUnseen)) return undefined;
    const changes = this.replay ? undefined : this.takeChanges();
    if (!changes && !this.fenceUnseen) return undefined;
    const position = {
      engineId: this.engineId,
      incarnation: this.life,
      sequence: ++this.deltaSequence,
      cleared: this.fenceUnseen || (changes?.cleared ?? false),
    };
    this.fenceUnseen = false;
    return {
      delta: { ...position, changes: changes?.keys ?? [] },
      stored: {
        ...position,
        engineSequence: this.engineSequenceTaken,
        changes: changes?.stored ?? [],
        removed: changes?.removed ?? [],
      },
    };
  }

  /** Files that `takeFiles` would return. */
  get pendingFiles(): number {
    return this.files?.length ?? 0;
  }

  /**
   * Files that the engine said it wrote to storage since the last call. They outlive the engine's cache, so neither a
   * replay nor a new incarnation holds them back or takes them away; a replay announces some again.
   */
  takeFiles(): readonly StoredFile[] {
    return this.files?.take() ?? [];
  }

  /** Everything held after the last delta, for the replicas; undefined before the first. */
  snapshot(): KvSnapshot | undefined {
    if (this.deltaSequence === 0) return undefined;
    const { engineId } = this;
    return {
      engineId,
      incarnation: this.life,
      sequence: this.deltaSequence,
      tiers: this.ledger.publishedKeys(),
    };
  }

  /** The same by engine hash, for the block store and for verification against the engine. */
  publishedBlocks(): EngineBlocks {
    return this.ledger.published();
  }

  private takeChanges(): LedgerChanges | undefined {
    this.engineSequenceTaken = this.order.last;
    this.landmarkTaken = this.order.landmark;
    return this.ledger.take();
  }

  private take(batch: EngineBatch): void {
    this.order.take(batch);
    this.counters.batches++;
    for (const event of batch.events) this.applier.apply(event);
  }

  /** Asks from a batch that is known, or for everything when nothing is. */
  private verify(nowMs: number): ReplayRequest {
    const { landmark, last } = this.order;
    if (!landmark && last >= 0) this.fence(nowMs);
    return this.ask(landmark);
  }

  private ask(landmark: Landmark | undefined): ReplayRequest {
    this.counters.replays++;
    this.replay = new ReplayCheck(landmark);
    return { fromSequence: this.replay.fromSequence };
  }

  /** What came between the last batch and this one cannot be had: everything known is given up and it goes on from here. */
  private skipTo(batch: EngineBatch, nowMs: number): void {
    if (this.order.last >= 0) this.fence(nowMs);
    this.order.resume(batch.sequence - 1);
  }

  private fence(nowMs: number): void {
    this.counters.fences++;
    this.life = Math.max(this.life + 1, Math.floor(nowMs));
    this.deltaSequence = 0;
    this.engineSequenceTaken = -1;
    this.landmarkTaken = undefined;
    this.fenceUnseen = true;
    this.unproven = false;
    this.order.resume(-1);
    this.applier.restart();
    // The new incarnation voids whatever was published: nothing of it is to be listed or removed any more.
    this.ledger.take();
  }
}
