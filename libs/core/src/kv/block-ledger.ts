import type { StoredDelta } from '../ports/block-store.js';
import { BlockColumns } from './block-columns.js';
import type { ChainPoint } from './block-keys.js';
import { type CacheGroup, CacheGroups } from './cache-groups.js';
import type { Hash } from './engine-events.js';
import { HeldBlocks } from './held-blocks.js';
import { RecentKeys } from './recent-keys.js';
import { type EngineBlocks, type KeyList, type KvDelta, type KvSnapshot, TIERS } from './types.js';

/** What changed since the last take: by our keys for lookups, by engine hashes for the block store. */
export interface LedgerChanges {
  readonly cleared: boolean;
  readonly keys: KvDelta['changes'];
  readonly stored: EngineBlocks;
  readonly removed: StoredDelta['removed'];
}

/** `refused`: the block's key belongs to another one, by their check bits. */
export type StoreOutcome = 'first' | 'repeated' | 'refused';

/** Tier and window of each bit of what a block holds. */
const PLACES = [false, true].flatMap((window) => TIERS.map((tier) => (window ? { tier, window } : { tier })));

/**
 * One engine's blocks: engine hash → our key, counted per tier and group because engines announce a block more than once.
 * Several engine hashes may be one key; the key is held while any of them is.
 */
export class BlockLedger {
  readonly groups = new CacheGroups();
  private held = new HeldBlocks(this.groups);
  /** State as of the last take while a clear after it has not been taken. */
  private beforeClear: HeldBlocks | undefined;
  private readonly hash = new BigUint64Array(1);
  private readonly key = new BigUint64Array(1);
  private readonly hashWords = new Uint32Array(this.hash.buffer);
  private readonly keyWords = new Uint32Array(this.key.buffer);
  private readonly recent: RecentKeys;

  /** @param remembered hashes whose keys `rememberedKeyOf` still knows after the engine dropped them */
  constructor(remembered = 0) {
    this.recent = new RecentKeys(remembered);
  }

  /** Engine hashes known. */
  get blocks(): number {
    return this.held.rows.size;
  }

  /** Bytes of the columns that hold them. */
  get bytes(): number {
    return this.held.bytes;
  }

  /** Changes that `take` would report (an upper bound). */
  get pendingChanges(): number {
    return this.held.changes;
  }

  /** Our key of an engine's block, with its check bits; undefined when the block is unknown. */
  pointOf(hash: Hash): ChainPoint | undefined {
    const row = this.find(hash);
    if (row < 0) return undefined;
    const { rows } = this.held;
    this.keyWords[0] = rows.keyLow[row] as number;
    this.keyWords[1] = rows.keyHigh[row] as number;
    return { key: this.key[0] as bigint, check: rows.check[row] as number };
  }

  /** Our keys of the longest run of known blocks, from the first hash on. */
  keysOfHashes(hashes: ArrayLike<Hash>): KeyList {
    const { rows } = this.held;
    const found = new BlockColumns();
    for (let i = 0; i < hashes.length; i++) {
      const row = this.find(hashes[i] as Hash);
      if (row < 0) break;
      found.push(0, 0, rows.keyLow[row] as number, rows.keyHigh[row] as number, rows.check[row] as number);
    }
    return keyList(found);
  }

  /** Our key also of a block that the engine dropped lately. */
  rememberedKeyOf(hash: Hash): bigint | undefined {
    const known = this.pointOf(hash);
    if (known) return known.key;
    const { hashWords, keyWords, recent } = this;
    return recent.find(hashWords[0] as number, hashWords[1] as number, keyWords, 0) ? this.key[0] : undefined;
  }

  /**
   * The engine stored a block on the tier for the group in this slot of `groups`. A hash keeps its first key.
   *
   * @param check bits of the key, 0 = not known
   */
  store(hash: Hash, key: bigint, check: number, tier: number, slot: number): StoreOutcome {
    let row = this.find(hash);
    if (row < 0) {
      this.key[0] = key;
      const { hashWords, keyWords } = this;
      row = this.held.open(
        hashWords[0] as number,
        hashWords[1] as number,
        keyWords[0] as number,
        keyWords[1] as number,
        check,
      );
      if (row < 0) return 'refused';
    }
    return this.held.add(row, tier, slot) ? 'first' : 'repeated';
  }

  /** A block known by another tier or group is on this one too; false when it is not known. */
  attach(hash: Hash, tier: number, slot: number): boolean {
    const row = this.find(hash);
    if (row < 0 || this.held.isIdle(row)) return false;
    this.held.add(row, tier, slot);
    return true;
  }

  /**
   * The engine removed a block from the tier; false when it was not there. Where the group is not one that had it, it is
   * taken from the events that named none; where it is not known, or the removal names none, from every group.
   *
   * @param index the group as the engine numbers it
   */
  remove(hash: Hash, tier: number, index: number | undefined): boolean {
    const row = this.find(hash);
    if (row < 0) return false;
    const { held, groups } = this;
    const slot = groups.find(index);
    const unnamed = groups.find(undefined);
    if (slot >= 0 && held.subtract(row, tier, slot)) return true;
    if (unnamed >= 0 && held.subtract(row, tier, unnamed)) return true;
    return (slot < 0 || index === undefined) && held.drop(row, tier);
  }

  /** The engine dropped everything. */
  clear(): void {
    this.beforeClear ??= this.held;
    this.held = new HeldBlocks(this.groups);
  }

  /** Everything held is to be published once more, as the first state of a new incarnation. */
  unpublish(): void {
    this.beforeClear = undefined;
    this.held.unpublish();
  }

  /** Takes over blocks known from before, each in every group that it needs where it is. */
  restore(blocks: EngineBlocks, groups: readonly CacheGroup[]): void {
    this.groups.restore(
      groups,
      blocks.map(({ tier }) => tier),
    );
    for (const { tier, window, engineHashes, keys, checks } of blocks) {
      const index = TIERS.indexOf(tier);
      const slots = this.groups[window ? 'window' : 'dense'][index] as number;
      for (let i = 0; i < keys.length; i++) {
        for (let slot = 0; slots >>> slot !== 0; slot++) {
          if (((slots >>> slot) & 1) === 0) continue;
          this.store(engineHashes[i] as bigint, keys[i] as bigint, checks?.[i] ?? 0, index, slot);
        }
      }
    }
  }

  /** The changes since the last take; undefined when there are none. */
  take(): LedgerChanges | undefined {
    const cleared = this.beforeClear !== undefined;
    if (!cleared && this.held.changes === 0) return undefined;
    this.beforeClear = undefined;
    const { rows } = this.held;
    const columns = () => PLACES.map(() => new BlockColumns());
    const { areShared } = this.held;
    const [stored, removed] = [columns(), columns()];
    const [keysStored, keysRemoved] = areShared ? [columns(), columns()] : [stored, removed];
    const add = (to: BlockColumns[], bits: number, row: number) => {
      for (let rest = bits; rest !== 0; rest &= rest - 1) {
        (to[31 - Math.clz32(rest & -rest)] as BlockColumns).push(
          rows.hashLow[row] as number,
          rows.hashHigh[row] as number,
          rows.keyLow[row] as number,
          rows.keyHigh[row] as number,
          rows.check[row] as number,
        );
      }
    };
    this.held.drain(
      (row, before, after, keyBefore, keyAfter) => {
        add(stored, after & ~before, row);
        add(removed, before & ~after, row);
        if (!areShared) return;
        add(keysStored, keyAfter & ~keyBefore, row);
        add(keysRemoved, keyBefore & ~keyAfter, row);
      },
      (row) => {
        this.recent.add(
          rows.hashLow[row] as number,
          rows.hashHigh[row] as number,
          rows.keyLow[row] as number,
          rows.keyHigh[row] as number,
        );
      },
    );
    const places = PLACES.map((place, i) => ({ place, i }));
    const holds = (i: number, ...lists: BlockColumns[][]) => lists.some((l) => (l[i]?.length ?? 0) > 0);
    const changes = {
      cleared,
      keys: places
        .filter(({ i }) => holds(i, keysStored, keysRemoved))
        .map(({ place, i }) => {
          const { keys, checks } = keyList(keysStored[i] as BlockColumns);
          const gone = (keysRemoved[i] as BlockColumns).ourKeys();
          return { ...place, stored: keys, ...(checks ? { storedChecks: checks } : {}), removed: gone };
        }),
      stored: engineBlocks(stored),
      removed: places
        .filter(({ i }) => holds(i, removed))
        .map(({ place, i }) => ({ ...place, engineHashes: (removed[i] as BlockColumns).engineHashes() })),
    };
    const isSame = changes.keys.length + changes.stored.length + changes.removed.length === 0;
    return isSame && !cleared ? undefined : changes;
  }

  /** Everything as of the last take, by engine hash. */
  published(): EngineBlocks {
    return engineBlocks(this.columnsPublished((_row, bits) => bits));
  }

  /** Everything as of the last take, by our keys, each once per tier and window. */
  publishedKeys(): KvSnapshot['tiers'] {
    const columns = this.columnsPublished((_row, _bits, keyBits) => keyBits);
    return PLACES.flatMap((place, i) => {
      const blocks = columns[i] as BlockColumns;
      return blocks.length === 0 ? [] : [{ ...place, ...keyList(blocks) }];
    });
  }

  private columnsPublished(which: (row: number, bits: number, keyBits: number) => number): BlockColumns[] {
    const held = this.beforeClear ?? this.held;
    const { rows } = held;
    const columns = PLACES.map(() => new BlockColumns());
    held.eachPublished((row, bits, keyBits) => {
      for (let rest = which(row, bits, keyBits); rest !== 0; rest &= rest - 1) {
        (columns[31 - Math.clz32(rest & -rest)] as BlockColumns).push(
          rows.hashLow[row] as number,
          rows.hashHigh[row] as number,
          rows.keyLow[row] as number,
          rows.keyHigh[row] as number,
          rows.check[row] as number,
        );
      }
    });
    return columns;
  }

  /** Row of the hash, -1 when unknown; leaves its halves in `hashWords`. */
  private find(hash: Hash): number {
    this.hash[0] = hash;
    return this.held.rows.byHash.find(this.hashWords[0] as number, this.hashWords[1] as number);
  }
}

function keyList(columns: BlockColumns): KeyList {
  const checks = columns.checks();
  return checks ? { keys: columns.ourKeys(), checks } : { keys: columns.ourKeys() };
}

function engineBlocks(columns: readonly BlockColumns[]): EngineBlocks {
  return PLACES.flatMap((place, i) => {
    const blocks = columns[i] as BlockColumns;
    return blocks.length === 0 ? [] : [{ ...place, engineHashes: blocks.engineHashes(), ...keyList(blocks) }];
  });
}
