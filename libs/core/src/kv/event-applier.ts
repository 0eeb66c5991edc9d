import type { ChainPoint } from './block-keys.js';
import type { BlockLedger } from './block-ledger.js';
import type { EngineCacheCounters, SkipReason } from './engine-cache-counters.js';
import type { EngineEvent, RemovedEvent, StoredEvent } from './engine-events.js';
import { EventKeys } from './event-keys.js';
import { OrphanPool } from './orphan-pool.js';
import type { StoredFiles } from './stored-files.js';
import type { Tier } from './types.js';

/** Attention kinds for which a prefix is usable exactly when all its blocks are there. */
const DENSE_KINDS = new Set(['full_attention', 'mla_attention', 'sink_full_attention']);

/** Turns decoded events into ledger changes: keys, tiers, groups and orphans. Knows nothing of sequences. */
export class EventApplier {
  private readonly orphans: OrphanPool;
  private keys: EventKeys | undefined;
  private denseGroup: number | undefined;

  constructor(
    private readonly model: string,
    private readonly ledger: BlockLedger,
    private readonly counters: EngineCacheCounters,
    private readonly options: {
      readonly blockSize?: number;
      readonly maxOrphanBlocks: number;
      /** Where files on storage go; without it their blocks count as held by the engine. */
      readonly files?: StoredFiles;
    },
  ) {
    this.orphans = new OrphanPool(options.maxOrphanBlocks);
    if (options.blockSize) this.keys = new EventKeys(model, options.blockSize);
  }

  /** Tokens per block: given, or of the first stored event; 0 until known. */
  get blockSize(): number {
    return this.keys?.blockSize ?? 0;
  }

  get orphanBlocks(): number {
    return this.orphans.blocks;
  }

  apply(event: EngineEvent): void {
    if (event.type === 'cleared') {
      this.counters.clears++;
      this.forgetBlocks();
      return;
    }
    const reason = this.reasonToSkip(event);
    if (reason) this.counters.skipped[reason]++;
    else if (event.tier === 'unknown') this.counters.skipped['unknown-tier']++;
    else if (event.type === 'removed') this.removed(event, event.tier);
    else this.stored(event, event.tier);
  }

  /** The engine began anew: forgets every block, and the block size and group, which may be others now. */
  restart(): void {
    this.forgetBlocks();
    this.keys = undefined;
    this.denseGroup = undefined;
  }

  private forgetBlocks(): void {
    this.ledger.clear();
    this.orphans.clear();
  }

  /** A hybrid model's groups share hashes: only one group's stores and removals count. */
  private reasonToSkip(event: StoredEvent | RemovedEvent): SkipReason | undefined {
    const { groupIdx = this.denseGroup } = event;
    if (event.type === 'removed') return groupIdx === (this.denseGroup ?? groupIdx) ? undefined : 'group';
    if (event.specKind !== undefined && !DENSE_KINDS.has(event.specKind)) return 'attention-kind';
    this.denseGroup ??= groupIdx;
    if (groupIdx !== this.denseGroup) return 'group';
    const tokens = event.tokenIds.length;
    if (tokens === 0) return undefined;
    if (tokens !== event.hashes.length * event.blockSize) return 'not-dense';
    return event.blockSize === (this.blockSize || event.blockSize) ? undefined : 'block-size';
  }

  private stored(event: StoredEvent, tier: Tier): void {
    if (event.tokenIds.length === 0) {
      const { files } = this.options;
      if (files && event.fileDigest !== undefined) {
        const reason = files.add(event, this.ledger);
        if (reason) this.counters.skipped[reason]++;
      } else this.attach(event, tier);
      return;
    }
    this.keys ??= new EventKeys(this.model, event.blockSize);
    const parent = event.parent === null ? undefined : this.ledger.keyOf(event.parent);
    if (event.parent !== null && parent === undefined) {
      const dropped = this.orphans.park(event);
      this.counters.orphansParked += event.hashes.length;
      this.counters.orphansDropped += dropped;
      return;
    }
    this.place(event, tier, this.keys, parent === undefined ? undefined : { key: parent, check: 0 });
  }

  /** Stores the event and then everything that waited for one of its blocks. */
  private place(first: StoredEvent, tier: Tier, keys: EventKeys, parent: ChainPoint | undefined): void {
    this.storeBlocks(first, tier, keys.keysOf(first, parent).keys);
    if (this.orphans.blocks === 0) return;
    const queue = [first];
    for (let event = queue.pop(); event; event = queue.pop()) {
      for (const hash of event.hashes) {
        for (const orphan of this.orphans.adopt(hash)) {
          if (orphan.tier === 'unknown') continue;
          this.counters.orphansAdopted += orphan.hashes.length;
          const key = this.ledger.keyOf(hash) as bigint;
          this.storeBlocks(orphan, orphan.tier, keys.keysOf(orphan, { key, check: 0 }).keys);
          queue.push(orphan);
        }
      }
    }
  }

  private storeBlocks(event: StoredEvent, tier: Tier, keys: BigUint64Array): void {
    for (let i = 0; i < keys.length; i++) {
      if (this.ledger.store(event.hashes[i] as bigint, keys[i] as bigint, tier)) this.counters.storedBlocks++;
      else this.counters.repeatedBlocks++;
    }
  }

  private attach(event: StoredEvent, tier: Tier): void {
    for (const hash of event.hashes) {
      if (this.ledger.attach(hash, tier)) this.counters.storedBlocks++;
      else this.counters.unknownPlacements++;
    }
  }

  private removed(event: RemovedEvent, tier: Tier): void {
    for (const hash of event.hashes) {
      const waiting = this.orphans.remove(hash, tier);
      if (this.ledger.remove(hash, tier) || waiting) this.counters.removedBlocks++;
      else this.counters.unknownRemovals++;
    }
  }
}
