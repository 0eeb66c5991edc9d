import type { StoredDelta } from '../ports/block-store.js';
import type { Hash } from './engine-events.js';
import { HeldBlocks } from './held-blocks.js';
import { grown, halves } from './key-table.js';
import { RecentKeys } from './recent-keys.js';
import { type EngineBlocks, type KvDelta, TIERS, type Tier } from './types.js';
import { U64List } from './u64-list.js';

/** What changed since the last take: by our keys for lookups, by engine hashes for the block store. */
export interface LedgerChanges {
  readonly cleared: boolean;
  readonly keys: KvDelta['changes'];
  readonly stored: EngineBlocks;
  readonly removed: StoredDelta['removed'];
}

/**
 * One engine's blocks: engine hash → our key, counted per tier because engines announce a block more than once.
 * Several engine hashes may be one key; the key is held while any of them is.
 */
export class BlockLedger {
  private hashes = new HeldBlocks();
  private keys = new HeldBlocks();
  private keyOfHash = new Int32Array(256);
  /** State as of the last take while a clear after it has not been taken. */
  private beforeClear: BlockLedger | undefined;
  private readonly scratch = new BigUint64Array(2);
  private readonly words = halves(this.scratch);
  private readonly recent: RecentKeys;

  /** @param remembered hashes whose keys `rememberedKeyOf` still knows after the engine dropped them */
  constructor(remembered = 0) {
    this.recent = new RecentKeys(remembered);
  }

  /** Engine hashes known. */
  get blocks(): number {
    return this.hashes.table.size;
  }

  /** Changes that `take` would report (an upper bound). */
  get pendingChanges(): number {
    return this.hashes.changes;
  }

  /** Our key of an engine's block; undefined when the block is unknown. */
  keyOf(hash: Hash): bigint | undefined {
    const id = this.find(hash);
    if (id < 0) return undefined;
    const key = this.keyOfHash[id] as number;
    this.words[2] = this.keys.table.lowOf(key);
    this.words[3] = this.keys.table.highOf(key);
    return this.scratch[1];
  }

  /** As `keyOf`, also of a block that the engine dropped lately. */
  rememberedKeyOf(hash: Hash): bigint | undefined {
    const known = this.keyOf(hash);
    if (known !== undefined) return known;
    return this.recent.find(this.words[0] as number, this.words[1] as number, this.words, 2)
      ? this.scratch[1]
      : undefined;
  }

  /** The engine stored a block on the tier; false when it had announced it there before. A hash keeps its first key. */
  store(hash: Hash, key: bigint, tier: Tier): boolean {
    const known = this.find(hash);
    if (known >= 0) return this.addTo(known, TIERS.indexOf(tier));
    this.scratch[1] = key;
    const id = this.hashes.open(this.words[0] as number, this.words[1] as number);
    this.keyOfHash = grown(this.keyOfHash, this.hashes.table.capacity);
    this.keyOfHash[id] = this.keys.open(this.words[2] as number, this.words[3] as number);
    return this.addTo(id, TIERS.indexOf(tier));
  }

  /** A block known by another tier is on this one too; false when it is not known. */
  attach(hash: Hash, tier: Tier): boolean {
    const id = this.find(hash);
    if (id < 0 || this.hashes.heldBits(id) === 0) return false;
    this.addTo(id, TIERS.indexOf(tier));
    return true;
  }

  /** The engine removed a block from the tier; false when it was not there. */
  remove(hash: Hash, tier: Tier): boolean {
    const index = TIERS.indexOf(tier);
    const id = this.find(hash);
    if (id < 0 || (this.hashes.heldBits(id) & (1 << index)) === 0) return false;
    if (this.hashes.subtract(id, index)) this.keys.subtract(this.keyOfHash[id] as number, index);
    return true;
  }

  /** The engine dropped everything. */
  clear(): void {
    if (!this.beforeClear) {
      this.beforeClear = new BlockLedger();
      this.beforeClear.hashes = this.hashes;
      this.beforeClear.keys = this.keys;
      this.beforeClear.keyOfHash = this.keyOfHash;
    }
    this.hashes = new HeldBlocks();
    this.keys = new HeldBlocks();
    this.keyOfHash = new Int32Array(256);
  }

  /** The changes since the last take; undefined when there are none. */
  take(): LedgerChanges | undefined {
    const cleared = this.beforeClear !== undefined;
    if (!cleared && this.hashes.changes === 0) return undefined;
    this.beforeClear = undefined;
    const lists = TIERS.map((tier, index) => ({
      tier,
      bit: 1 << index,
      hashes: new U64List(),
      keys: new U64List(),
      gone: new U64List(),
    }));
    const table = this.hashes.table;
    const visit = (id: number, before: number, after: number) => {
      const key = this.keyOfHash[id] as number;
      for (const list of lists) {
        if (((before ^ after) & list.bit) === 0) continue;
        if ((after & list.bit) !== 0) {
          list.hashes.push(table.lowOf(id), table.highOf(id));
          list.keys.push(this.keys.table.lowOf(key), this.keys.table.highOf(key));
        } else list.gone.push(table.lowOf(id), table.highOf(id));
      }
    };
    this.hashes.drain(visit, (id) => {
      const key = this.keyOfHash[id] as number;
      const { table: names } = this.keys;
      this.recent.add(table.lowOf(id), table.highOf(id), names.lowOf(key), names.highOf(key));
    });
    const keys = this.takeKeys();
    const stored = lists.filter((l) => l.hashes.length > 0);
    const removed = lists.filter((l) => l.gone.length > 0);
    if (!cleared && stored.length + removed.length === 0) return undefined;
    return {
      cleared,
      keys,
      stored: stored.map((l) => ({ tier: l.tier, engineHashes: l.hashes.toArray(), keys: l.keys.toArray() })),
      removed: removed.map((l) => ({ tier: l.tier, engineHashes: l.gone.toArray() })),
    };
  }

  /** Everything as of the last take, by engine hash. */
  published(): EngineBlocks {
    if (this.beforeClear) return this.beforeClear.published();
    const lists = TIERS.map((tier, index) => ({
      tier,
      bit: 1 << index,
      hashes: new U64List(),
      keys: new U64List(),
    }));
    this.hashes.eachPublished((id, bits) => {
      const key = this.keyOfHash[id] as number;
      for (const list of lists) {
        if ((bits & list.bit) === 0) continue;
        list.hashes.push(this.hashes.table.lowOf(id), this.hashes.table.highOf(id));
        list.keys.push(this.keys.table.lowOf(key), this.keys.table.highOf(key));
      }
    });
    return lists
      .filter((l) => l.hashes.length > 0)
      .map((l) => ({ tier: l.tier, engineHashes: l.hashes.toArray(), keys: l.keys.toArray() }));
  }

  /** Everything as of the last take, by our keys, each once per tier. */
  publishedKeys(): Array<{ tier: Tier; keys: BigUint64Array }> {
    if (this.beforeClear) return this.beforeClear.publishedKeys();
    const lists = TIERS.map((tier, index) => ({ tier, bit: 1 << index, keys: new U64List() }));
    this.keys.eachPublished((id, bits) => {
      for (const list of lists) {
        if ((bits & list.bit) !== 0) list.keys.push(this.keys.table.lowOf(id), this.keys.table.highOf(id));
      }
    });
    return lists.filter((l) => l.keys.length > 0).map((l) => ({ tier: l.tier, keys: l.keys.toArray() }));
  }

  private takeKeys(): KvDelta['changes'] {
    const lists = TIERS.map((tier, index) => ({
      tier,
      bit: 1 << index,
      stored: new U64List(),
      removed: new U64List(),
    }));
    const table = this.keys.table;
    this.keys.drain((id, before, after) => {
      for (const list of lists) {
        if (((before ^ after) & list.bit) === 0) continue;
        if ((after & list.bit) !== 0) list.stored.push(table.lowOf(id), table.highOf(id));
        else list.removed.push(table.lowOf(id), table.highOf(id));
      }
    });
    return lists
      .filter((l) => l.stored.length + l.removed.length > 0)
      .map((l) => ({ tier: l.tier, stored: l.stored.toArray(), removed: l.removed.toArray() }));
  }

  /** Id of the hash, -1 when unknown; leaves its halves in `words`. */
  private find(hash: Hash): number {
    this.scratch[0] = hash;
    return this.hashes.table.find(this.words[0] as number, this.words[1] as number);
  }

  private addTo(id: number, tier: number): boolean {
    const first = this.hashes.add(id, tier);
    if (first) this.keys.add(this.keyOfHash[id] as number, tier);
    return first;
  }
}
