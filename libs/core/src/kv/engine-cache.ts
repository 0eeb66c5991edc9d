import { BatchOrder, type Landmark, markOf } from './batch-order.js';
import { BlockLedger, type LedgerChanges } from './block-ledger.js';
import type { CacheGroup } from './cache-groups.js';
import { type EngineCacheCounters, emptyCounters } from './engine-cache-counters.js';
import type { EngineCacheOptions, RestoredCache } from './engine-cache-options.js';
import type { EngineBatch, Hash } from './engine-events.js';
import { EventApplier } from './event-applier.js';
import { type EngineDelta, PublishedLife } from './published-life.js';
import { ReplayCheck } from './replay-check.js';
import { type StoredFile, StoredFiles } from './stored-files.js';
import type { EngineBlocks, KeyList, KvSnapshot } from './types.js';

/** Blocks that left the engine whose keys are kept for files that are announced late. */
const REMEMBERED_BLOCKS = 16_384;

/** Replays in a row that may end before the live batches begin (they race with a subscription being set up). */
const MAX_FRUITLESS_REPLAYS = 2;

/** Wanted from the caller: the engine's batches from this sequence on, through `replayed`, then `replayEnded`. */
export interface ReplayRequest {
  readonly fromSequence: number;
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
  private readonly life: PublishedLife;
  private unproven: boolean;
  private fruitlessReplays = 0;
  private suspected = false;
  /** Whether a replay brought something that could not be read: then another replay would bring it again. */
  private sendsUnreadable = false;
  /** The batch that made the last replay necessary: older than that replay, so what it does not know is out of date. */
  private asked: EngineBatch | undefined;
  /** What another process published stays in force. */
  private holding: boolean;
  private groupList = 0;
  private rank: number | undefined;
  private readonly landmark: Landmark | undefined;
  private readonly maxParkedBatches: number;

  /** `nowMs` is the caller's clock; incarnations are made from it so that they grow without being stored anywhere. */
  constructor(options: EngineCacheOptions, nowMs: number) {
    const { model, blockSize, incarnationAfter = 0, restored, maxOrphanBlocks = 16_384 } = options;
    if (options.collectFiles) this.files = new StoredFiles();
    this.ledger = new BlockLedger(options.collectFiles ? REMEMBERED_BLOCKS : 0);
    this.maxParkedBatches = options.maxParkedBatches ?? 10_000;
    this.landmark = restored?.landmark;
    this.applier = new EventApplier(model, this.ledger, this.counters, {
      blockSize,
      maxOrphanBlocks,
      files: this.files,
    });
    this.life = new PublishedLife(options.engineId, Math.max(incarnationAfter + 1, Math.floor(nowMs)));
    this.unproven = restored !== undefined;
    this.holding = options.takesOver ?? false;
    if (!restored) return;
    this.ledger.restore(restored.blocks, restored.groups ?? []);
    this.groupList = this.ledger.groups.listVersion;
    this.order.resume(restored.engineSequence);
  }

  get incarnation(): number {
    return this.life.incarnation;
  }

  /** Last delta taken in this incarnation; 0 before the first. */
  get sequence(): number {
    return this.life.sequence;
  }

  /** Last engine batch applied; -1 before the first. */
  get engineSequence(): number {
    return this.order.last;
  }

  /** Last engine batch contained in the last delta. */
  get publishedEngineSequence(): number {
    return this.life.content.engineSequence;
  }

  /**
   * Proof of life as of the last delta; store it with the blocks. There is none while a group has larger blocks than
   * others: what of them is held cannot be told from hashes alone, so such a cache does not outlive the process.
   */
  get publishedLandmark(): Landmark | undefined {
    return this.ledger.groups.largestMultiple === 1 ? this.life.content.landmark : undefined;
  }

  /** Groups of a hybrid model, as far as the engine's events told; store them with the blocks. */
  get groups(): readonly CacheGroup[] {
    return this.ledger.groups.list();
  }

  /** What another process needs to go on from the last delta; undefined when it must begin anew. */
  get published(): RestoredCache | undefined {
    const landmark = this.publishedLandmark;
    if (!landmark || this.life.isNew) return undefined;
    const { publishedEngineSequence: engineSequence, groups } = this;
    return { blocks: this.publishedBlocks(), engineSequence, landmark, groups: [...groups] };
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

  /** Bytes of the columns that hold the blocks. */
  get bytes(): number {
    return this.ledger.bytes;
  }

  /**
   * Our keys of the engine's blocks by its own hashes (low 64 bits, unsigned), from the first one on as far as they are
   * known, on any tier.
   */
  keysOfHashes(hashes: ArrayLike<Hash>): KeyList {
    return this.ledger.keysOfHashes(hashes);
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
    if (place === 'next') this.take(batch, nowMs);
    else if (place === 'duplicate') this.counters.duplicateBatches++;
    else if (place === 'gap') {
      this.counters.gaps++;
      this.park(batch);
      return this.verify(nowMs);
    } else {
      this.counters.restarts++;
      this.fence(nowMs);
      this.park(batch);
      return this.ask(undefined);
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
      this.recall(batch);
      return;
    }
    if (verdict === 'too-late') {
      this.counters.truncatedReplays++;
      if (this.order.last >= 0 || this.unproven) this.fence(nowMs);
      this.take(batch, nowMs);
      return;
    }
    const place = this.order.place(batch);
    if (place === 'next') this.take(batch, nowMs);
    else if (place === 'gap') {
      this.fence(nowMs);
      this.take(batch, nowMs);
    } else if (this.order.contradicts(batch)) replay.refute();
    else this.recall(batch);
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
    if (!replay.sameLife || (complete && replay.lacksKnown)) {
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
    for (const batch of waiting) {
      const isJudged = complete && batch === this.asked;
      if (isJudged && this.order.place(batch) === 'restart') this.counters.staleBatches++;
      else request = this.receive(batch, nowMs) ?? request;
    }
    if (!this.replay) this.holding = false;
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

  /**
   * A batch could not be read, so removals may be lost. What came live is wanted again, for it may have been damaged on its
   * way; when the engine itself sends it so, everything known is given up and it goes on after that batch.
   */
  unreadable(sequence: number, isReplayed: boolean, nowMs: number): ReplayRequest | undefined {
    if (!isReplayed && !this.sendsUnreadable) return this.suspect(nowMs);
    this.sendsUnreadable ||= isReplayed;
    this.fence(nowMs);
    this.order.resume(sequence);
    this.replay?.freed();
    return undefined;
  }

  /**
   * Gives up everything known and asks for all that the engine still has: its process is another one, or a failed replay
   * left history missing.
   */
  beginAnew(nowMs: number): ReplayRequest {
    this.parked = [];
    this.sendsUnreadable = false;
    this.fence(nowMs);
    return this.ask(undefined);
  }

  /**
   * What changed since the last call; undefined when nothing did. The first delta of an incarnation comes even when it is
   * empty, because it ends the incarnation before. Nothing comes while restored blocks are unproven or another process is
   * taken over from, and only that empty one during a replay: what a history stored its later batches may have removed.
   */
  takeDelta(): EngineDelta | undefined {
    const { isNew } = this.life;
    if (this.unproven || this.holding || (this.replay && !isNew)) return undefined;
    const changes = this.replay ? undefined : this.takeChanges();
    return changes || isNew ? this.life.next(changes) : undefined;
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
    const { engineId, incarnation, sequence, content, isNew } = this.life;
    if (isNew) return undefined;
    const { windowBlocks } = content;
    const tiers = this.ledger.publishedKeys();
    return { engineId, incarnation, sequence, ...(windowBlocks === 0 ? {} : { windowBlocks }), tiers };
  }

  /** The same by engine hash, for the block store and for verification against the engine. */
  publishedBlocks(): EngineBlocks {
    return this.ledger.published();
  }

  /** As in `KvDelta`, of the last delta; 0: every group is dense. */
  get publishedWindowBlocks(): number {
    return this.life.content.windowBlocks;
  }

  /** A batch that is contained in what is known. Whether a process before this one told its files nobody knows. */
  private recall(batch: EngineBatch): void {
    this.order.recall(batch);
    if (this.unproven) this.applier.recallFiles(batch.events);
  }

  private takeChanges(): LedgerChanges | undefined {
    const { last: engineSequence, landmark } = this.order;
    const windowBlocks = this.ledger.groups.windowBlocks(this.blockSize);
    this.life.content = { engineSequence, landmark, windowBlocks };
    return this.ledger.take();
  }

  private take(batch: EngineBatch, nowMs: number): void {
    const smaller = this.applier.smallerBlockSize(batch.events);
    if (smaller !== undefined) {
      this.fence(nowMs);
      this.applier.restart(smaller);
      this.replay?.freed();
    }
    this.order.take(batch);
    this.counters.batches++;
    this.rank ??= batch.rank;
    if (batch.rank !== this.rank && batch.rank !== undefined) this.counters.foreignRanks++;
    else this.applier.apply(batch.events);
    const { listVersion, size } = this.ledger.groups;
    if (listVersion === this.groupList) return;
    this.groupList = listVersion;
    if (size > 1 && !this.life.isNew) this.renew(nowMs);
  }

  /**
   * Goes on as a new incarnation with everything held: what was stored of the one before lacks a group that became known,
   * so nobody may go on from it.
   */
  private renew(nowMs: number): void {
    this.life.begin(nowMs);
    this.ledger.unpublish();
  }

  /** Keeps a batch that does not fit until the replay that it makes necessary has told what came before it. */
  private park(batch: EngineBatch): void {
    this.parked.push(batch);
    this.asked = batch;
  }

  /** Asks from a batch that is known, or for everything when nothing is. */
  private verify(nowMs: number): ReplayRequest {
    const { landmark, last } = this.order;
    if (!landmark && last >= 0) this.fence(nowMs);
    return this.ask(landmark);
  }

  private ask(landmark: Landmark | undefined): ReplayRequest {
    this.counters.replays++;
    this.replay = new ReplayCheck(landmark, this.order.last);
    return { fromSequence: this.replay.fromSequence };
  }

  /** What came between the last batch and this one cannot be had: everything known is given up and it goes on from here. */
  private skipTo(batch: EngineBatch, nowMs: number): void {
    if (this.order.last >= 0) this.fence(nowMs);
    this.order.resume(batch.sequence - 1);
  }

  private fence(nowMs: number): void {
    this.counters.fences++;
    this.life.begin(nowMs);
    this.unproven = false;
    this.holding = false;
    this.rank = undefined;
    this.order.resume(-1);
    this.applier.restart();
    this.groupList = this.ledger.groups.listVersion;
    // The new incarnation voids whatever was published: nothing of it is to be listed or removed any more.
    this.ledger.take();
  }
}
