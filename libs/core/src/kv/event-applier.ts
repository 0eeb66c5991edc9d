import type { ChainPoint } from './block-keys.js';
import type { BlockLedger } from './block-ledger.js';
import { kindOf } from './cache-groups.js';
import type { EngineCacheCounters, SkipReason } from './engine-cache-counters.js';
import type { EngineEvent, Hash, RemovedEvent, StoredEvent } from './engine-events.js';
import { EventKeys } from './event-keys.js';
import { OrphanPool } from './orphan-pool.js';
import type { StoredFiles } from './stored-files.js';
import { TIERS, type Tier } from './types.js';

/** Parts of a large block have names of their own, made from its hash by steps of this odd number. */
const PART_STEP = 0x9e3779b97f4a7c15n;
/** Our blocks per block of a group: more is no model's. */
const MAX_MULTIPLE = 64;

/** Turns decoded events into ledger changes: keys, tiers, groups and orphans. Knows nothing of sequences. */
export class EventApplier {
  private readonly orphans: OrphanPool;
  private keys: EventKeys | undefined;
  /** Placements of this batch whose block may be stored later in it, by another group. */
  private readonly early = new Map<Hash, Array<{ readonly tier: number; readonly slot: number }>>();

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

  /** Tokens per block: given, or the smallest of the first batch with blocks; 0 until known. */
  get blockSize(): number {
    return this.keys?.blockSize ?? 0;
  }

  get orphanBlocks(): number {
    return this.orphans.blocks;
  }

  /** Applies the events of one batch. */
  apply(events: readonly EngineEvent[]): void {
    if (!this.keys) this.learnBlockSize(events);
    for (const event of events) {
      if (event.type === 'cleared') {
        this.counters.clears++;
        this.forgetBlocks();
      } else if (event.tier === 'unknown') this.counters.skipped['unknown-tier']++;
      else if (event.type === 'removed') this.removed(event, event.tier);
      else this.stored(event, event.tier);
    }
    if (this.early.size > 0) this.placeEarly();
  }

  /** Collects once more the files that these events announced, as far as their blocks are known; all else stays as it is. */
  recallFiles(events: readonly EngineEvent[]): void {
    const { files } = this.options;
    for (const event of events)
      if (event.type === 'stored' && namesFile(event)) files?.add(event, this.ledger);
  }

  /**
   * The smaller block size of a group that these events show for the first time: all keys are to be made anew for it.
   * Undefined when there is none.
   */
  smallerBlockSize(events: readonly EngineEvent[]): number | undefined {
    if (!this.keys) return undefined;
    let smallest = this.blockSize;
    for (const event of events) {
      if (event.type !== 'stored' || event.groupIdx === undefined || !hasJudgedTokens(event)) continue;
      if (event.blockSize >= smallest || this.blockSize % event.blockSize !== 0) continue;
      if (this.ledger.groups.find(event.groupIdx) < 0) smallest = event.blockSize;
    }
    return smallest < this.blockSize ? smallest : undefined;
  }

  /** The engine began anew: forgets every block, and the block size (unless given here) and groups, which may be others now. */
  restart(blockSize?: number): void {
    this.forgetBlocks();
    this.ledger.groups.clear();
    this.keys = blockSize ? new EventKeys(this.model, blockSize) : undefined;
  }

  private forgetBlocks(): void {
    this.ledger.clear();
    this.orphans.clear();
    this.early.clear();
  }

  private learnBlockSize(events: readonly EngineEvent[]): void {
    let smallest = Number.POSITIVE_INFINITY;
    for (const event of events) {
      if (event.type === 'stored' && hasJudgedTokens(event)) smallest = Math.min(smallest, event.blockSize);
    }
    if (Number.isFinite(smallest)) this.keys = new EventKeys(this.model, smallest);
  }

  private stored(event: StoredEvent, tier: Tier): void {
    const { files } = this.options;
    if (files && namesFile(event)) {
      const reason = files.add(event, this.ledger);
      if (reason) this.counters.skipped[reason]++;
      return;
    }
    const slot = this.ledger.groups.learn(event);
    const reason = this.reasonToSkip(event, slot);
    if (reason) this.counters.skipped[reason]++;
    else if (event.tokenIds.length === event.hashes.length * event.blockSize && event.tokenIds.length > 0)
      this.storedWithTokens(event, tier, slot);
    else this.placed(event, TIERS.indexOf(tier), slot);
  }

  private reasonToSkip(event: StoredEvent, slot: number): SkipReason | undefined {
    const { groups } = this.ledger;
    if (slot < 0) return 'group';
    if (groups.get(slot).kind === 'other') return 'attention-kind';
    const { tokenIds, hashes, blockSize, groupIdx } = event;
    if (tokenIds.length === 0) return undefined;
    const named = hashes.length * blockSize;
    if (tokenIds.length < named || (tokenIds.length > named && groupIdx === undefined)) return 'not-dense';
    const multiple = blockSize / this.blockSize;
    if (!Number.isInteger(multiple) || multiple < 1 || multiple > MAX_MULTIPLE) return 'block-size';
    // Only a group that names itself may have larger blocks than others.
    if (multiple > 1 && groupIdx === undefined) return 'block-size';
    return groups.fits(slot, multiple) ? undefined : 'block-size';
  }

  private storedWithTokens(event: StoredEvent, tier: Tier, slot: number): void {
    const parent = event.parent === null ? undefined : this.ledger.pointOf(event.parent);
    if (event.parent !== null && parent === undefined) {
      const dropped = this.orphans.park(event);
      this.counters.orphansParked += event.hashes.length;
      this.counters.orphansDropped += dropped;
      return;
    }
    this.storeBlocks(event, TIERS.indexOf(tier), slot, parent);
    if (this.orphans.blocks > 0) this.adopt(event);
  }

  /** Stores everything that waited for one of the event's blocks. */
  private adopt(first: StoredEvent): void {
    const queue = [first];
    for (let event = queue.pop(); event; event = queue.pop()) {
      for (const hash of event.hashes) {
        for (const orphan of this.orphans.adopt(hash)) {
          const slot = this.ledger.groups.find(orphan.groupIdx);
          const parent = this.ledger.pointOf(hash);
          if (orphan.tier === 'unknown' || slot < 0 || !parent) continue;
          this.counters.orphansAdopted += orphan.hashes.length;
          this.storeBlocks(orphan, TIERS.indexOf(orphan.tier), slot, parent);
          queue.push(orphan);
        }
      }
    }
  }

  private storeBlocks(event: StoredEvent, tier: number, slot: number, parent: ChainPoint | undefined): void {
    const keys = this.keys as EventKeys;
    const blocks = keys.keysOf(event, parent);
    const multiple = event.blockSize / keys.blockSize;
    for (let i = 0; i < blocks.keys.length; i++) {
      const key = blocks.keys[i] as bigint;
      const hash = nameOf(event.hashes, i, multiple);
      const outcome = this.ledger.store(hash, key, blocks.checks[i] as number, tier, slot);
      if (outcome === 'first') this.counters.storedBlocks++;
      else if (outcome === 'repeated') this.counters.repeatedBlocks++;
      else this.counters.skipped['key-taken']++;
    }
  }

  /** Stored without tokens of its own: the blocks must be known, or become known in this batch. */
  private placed(event: StoredEvent, tier: number, slot: number): void {
    for (const hash of event.hashes) {
      if (this.attach(hash, tier, slot)) continue;
      const others = this.early.get(hash);
      if (others) others.push({ tier, slot });
      else this.early.set(hash, [{ tier, slot }]);
    }
  }

  private placeEarly(): void {
    for (const [hash, places] of this.early) {
      for (const { tier, slot } of places)
        if (!this.attach(hash, tier, slot)) this.counters.unknownPlacements++;
    }
    this.early.clear();
  }

  private attach(hash: Hash, tier: number, slot: number): boolean {
    if (!this.ledger.attach(hash, tier, slot)) return false;
    this.counters.storedBlocks++;
    const { multiple } = this.ledger.groups.get(slot);
    for (let part = 1; part < multiple; part++) this.ledger.attach(partName(hash, part), tier, slot);
    return true;
  }

  private removed(event: RemovedEvent, tierName: Tier): void {
    const { groups } = this.ledger;
    const tier = TIERS.indexOf(tierName);
    const slot = groups.find(event.groupIdx);
    const group = slot < 0 ? undefined : groups.get(slot);
    if (group?.kind === 'other') {
      this.counters.skipped['attention-kind']++;
      return;
    }
    const multiple = event.groupIdx === undefined || !group ? groups.largestMultiple : group.multiple;
    for (const hash of event.hashes) {
      this.removeEarly(hash, tier);
      const waited = this.orphans.remove(hash, tierName, event.groupIdx);
      for (let part = 1; part < multiple; part++)
        this.ledger.remove(partName(hash, part), tier, event.groupIdx);
      if (this.ledger.remove(hash, tier, event.groupIdx) || waited) this.counters.removedBlocks++;
      else this.counters.unknownRemovals++;
    }
  }

  private removeEarly(hash: Hash, tier: number): void {
    const places = this.early.get(hash)?.filter((place) => place.tier !== tier);
    if (places) this.early.set(hash, places);
  }
}

function hasJudgedTokens(event: StoredEvent): boolean {
  return event.tokenIds.length > 0 && event.blockSize > 0 && kindOf(event) !== 'other';
}

/** Name of the i-th of our blocks among larger ones: the last of each has the engine's own. */
function nameOf(hashes: readonly Hash[], i: number, multiple: number): Hash {
  if (multiple === 1) return hashes[i] as Hash;
  const part = multiple - 1 - (i % multiple);
  return partName(hashes[Math.floor(i / multiple)] as Hash, part);
}

function partName(hash: Hash, part: number): Hash {
  return part === 0 ? hash : BigInt.asUintN(64, hash + PART_STEP * BigInt(part));
}

function namesFile({ tokenIds, fileDigest }: StoredEvent): boolean {
  return tokenIds.length === 0 && fileDigest !== undefined;
}
