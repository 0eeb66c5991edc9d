import { StorageWalk } from '../storage-walk.js';
import {
  type EngineHolders,
  type KeyList,
  type PrefixMatch,
  TIERS,
  type Tier,
  type TieredMatch,
  type TierKeys,
} from '../types.js';
import type { ArenaColumns } from './arena-columns.js';
import { BlockRows } from './block-rows.js';
import { denseBits } from './dense-rows.js';
import type { EngineNames, SyncEntry } from './engine-names.js';
import { holderBits, holderSlots } from './holder-bits.js';
import { checksOf, keysIn, keyWords } from './key-words.js';
import {
  CELL_WORDS,
  COLLISIONS,
  DENSE_USED,
  DENSE_WORDS,
  ENGINE_MASK,
  EVICTED,
  PAIRS,
  PLANE_WORDS,
  REFUSED,
  ROW_SHIFT,
  ROWS_LIVE,
  SLOT_ALIVE,
  SLOT_FLAGS,
  SLOT_LISTED,
  SLOT_NAME,
  SLOT_PAIRS,
  SLOT_WORDS,
  SLOTS_VERSION,
  STORAGE_ALIVE,
  WINDOW_SHIFT,
} from './layout.js';
import { PrefixWalk } from './prefix-walk.js';
import { isCellLink, linked, SlotLists } from './slot-lists.js';

/** Which facts of a tier are meant. */
export interface FactKind {
  /** Those of sliding-window groups; absent = of dense groups. */
  readonly window?: boolean;
}

const NO_TIERS: readonly number[] = Object.freeze(TIERS.map(() => 0));

/** What can be read of an index, on the thread that writes it or on another one. */
export abstract class IndexView {
  protected readonly blockRows: BlockRows;
  private readonly prefixWalk: PrefixWalk;
  private readonly storageWalk: StorageWalk;
  private readonly lists: SlotLists;
  private members = new Uint32Array(0);
  /** Engines that were asked about last, with the answers for those of them that hold nothing: most do, and garbage costs time. */
  private asked = {
    version: -1,
    ids: [] as readonly string[],
    slots: new Int32Array(0),
    nothing: [] as readonly PrefixMatch[],
    nothingTiered: [] as readonly TieredMatch[],
  };

  protected constructor(
    protected readonly columns: ArenaColumns,
    protected readonly names: EngineNames,
  ) {
    this.blockRows = new BlockRows(columns);
    this.prefixWalk = new PrefixWalk(columns, this.blockRows);
    this.storageWalk = new StorageWalk(columns, names, this.blockRows);
    this.lists = new SlotLists(columns);
  }

  /** Runs `read` while nothing changes; its answer, or `otherwise` when that could not be had. */
  protected abstract reading<T>(read: () => T, otherwise: () => T): T;

  /** Distinct blocks, including those of fenced engines that are not swept yet. */
  get blocks(): number {
    return this.columns.control[ROWS_LIVE] as number;
  }

  /** (block, engine) pairs, including those of fenced engines that are not swept yet. */
  get holders(): number {
    return this.columns.control[PAIRS] as number;
  }

  /** Pairs whose store was refused because there was no room to be made, or because all slots were taken. */
  get refused(): number {
    return this.columns.tallies[REFUSED] as number;
  }

  /** Pairs of cold blocks that made room for others. */
  get evicted(): number {
    return this.columns.tallies[EVICTED] as number;
  }

  /** Stores refused because another block has the same key, as the check bits say. */
  get collisions(): number {
    return this.columns.tallies[COLLISIONS] as number;
  }

  /** Memory of the columns. */
  get bytes(): number {
    return this.columns.bytes;
  }

  /** Storage that holds anything, or did and was not cleared. */
  get storageHolders(): number {
    return this.columns.control[STORAGE_ALIVE] as number;
  }

  /** Engines and storage. */
  engines(): IterableIterator<string> {
    return this.reading(
      () => [...this.names.holding()],
      () => [],
    ).values();
  }

  /** Engines and storage that `setSync` told of. */
  followed(): IterableIterator<string> {
    return this.reading(
      () => [...this.names.followed()],
      () => [],
    ).values();
  }

  /** How far the engine's cache is followed, as `setSync` told. */
  sync(engineId: string): SyncEntry | undefined {
    return this.reading(
      () => this.names.sync(engineId),
      () => undefined,
    );
  }

  /** `sync` of all that is followed, in one read. */
  syncs(): ReadonlyMap<string, SyncEntry> {
    const read = () =>
      new Map([...this.names.followed()].map((name) => [name, this.names.sync(name) as SyncEntry]));
    return this.reading(read, () => new Map());
  }

  /** Whether every change of the engine's cache is in the index. */
  isSynced(engineId: string): boolean {
    return this.sync(engineId)?.state === 'synced';
  }

  /** Blocks the engine holds on any tier. */
  blocksOf(engineId: string): number {
    return this.reading(
      () => {
        const slot = this.names.slotOf(engineId);
        return slot < 0 ? 0 : this.slotWord(slot, SLOT_PAIRS);
      },
      () => 0,
    );
  }

  /**
   * Longest run of blocks from the first on that each engine holds without a hole, counted by best tier; of an engine of a
   * hybrid model the longest that its sliding windows can go on from. A key with check bits does not match another block.
   * With `engines`: one entry per given engine, in that order. Without: every engine that holds the first block.
   */
  match(blocks: BigUint64Array | KeyList, engines?: readonly string[]): PrefixMatch[] {
    return this.reading(
      () => {
        if (!engines) return this.matchAll(blocks);
        const slots = this.walk(blocks, engines.length, (e) => engines[e] as string);
        return engines.map((engineId, e) =>
          this.holdsAny(slots[e] as number)
            ? this.takeMatch(engineId, slots[e] as number)
            : (this.asked.nothing[e] as PrefixMatch),
        );
      },
      () => (engines ?? []).map((engineId) => ({ engineId, blocks: 0, byTier: NO_TIERS })),
    );
  }

  /**
   * As `match` for the given engines; where an engine's own prefix ends, the contiguous run over what its holders have
   * (the best tier of any) is added. A block behind that end counts from storage only, as engines load it. One pass per
   * distinct set of holders that have any of the keys; as cheap as `match` while there is no storage.
   */
  matchTiered(blocks: BigUint64Array | KeyList, engines: readonly EngineHolders[]): TieredMatch[] {
    return this.reading(
      () => {
        const slots = this.walk(blocks, engines.length, (e) => (engines[e] as EngineHolders).engineId);
        const matches = engines.map(({ engineId }, e): TieredMatch => {
          if (!this.holdsAny(slots[e] as number)) return this.asked.nothingTiered[e] as TieredMatch;
          const { blocks: own, byTier } = this.takeMatch(engineId, slots[e] as number);
          return { engineId, blocks: own, byTier, ownBlocks: own };
        });
        if (this.storageHolders === 0) return matches;
        return this.storageWalk.extend(keyWords(blocks), checksOf(blocks), matches, engines);
      },
      () => engines.map(({ engineId }) => ({ engineId, blocks: 0, byTier: NO_TIERS, ownBlocks: 0 })),
    );
  }

  /**
   * Keys that the holders have from block `from` on, without a hole and at most `limit`, by best tier: what `matchTiered`
   * counted behind an engine's own prefix.
   */
  storedBehind(
    blocks: BigUint64Array | KeyList,
    from: number,
    holders: readonly string[],
    limit: number,
  ): TierKeys[] {
    const keys = keysIn(blocks);
    const tiers = this.reading(
      () =>
        this.storageHolders === 0
          ? []
          : this.storageWalk.tiersOf(keyWords(blocks), checksOf(blocks), from, holders, limit),
      () => [],
    );
    return TIERS.map((tier, t) => ({
      tier,
      keys: keys.subarray(from, from + tiers.length).filter((_, i) => tiers[i] === t),
    })).filter((load) => load.keys.length > 0);
  }

  /** Engines and storage that hold the block, with a bit per tier: bit i = `TIERS[i]`, bit 4 + i the same of sliding windows. */
  holdersOf(key: bigint): Array<{ engineId: string; tierBits: number }> {
    return this.reading(
      () => {
        const [low = 0, high = 0] = keyWords(new BigUint64Array([key]));
        const row = this.blockRows.find(low, high);
        const found: Array<{ engineId: string; tierBits: number }> = [];
        if (row === 0) return found;
        for (const slot of holderSlots(this.columns, row)) {
          if ((this.slotWord(slot, SLOT_FLAGS) & SLOT_ALIVE) === 0) continue;
          found.push({ engineId: this.nameOf(slot), tierBits: holderBits(this.columns, row, slot) });
        }
        return found;
      },
      () => [],
    );
  }

  /** Every block of the engine on the tier, in no order. */
  keysOf(engineId: string, tier: Tier, kind: FactKind = {}): BigUint64Array {
    return this.blocksOn(engineId, tier, kind).keys;
  }

  /** As `keysOf`, with the check bits that are known. */
  blocksOn(engineId: string, tier: Tier, kind: FactKind = {}): Required<KeyList> {
    return this.reading(
      () => {
        const slot = this.names.slotOf(engineId);
        const found = slot < 0 ? [] : this.rowsOf(slot, cellBit(tier, kind));
        const keys = new BigUint64Array(found.length);
        const checks = new Uint32Array(found.length);
        const words = keyWords(keys);
        const rows = this.columns.rows.words;
        for (const [i, row] of found.entries()) {
          const at = row << ROW_SHIFT;
          words[2 * i] = rows[at] as number;
          words[2 * i + 1] = rows[at + 1] as number;
          checks[i] = rows[at + 2] as number;
        }
        return { keys, checks };
      },
      () => ({ keys: new BigUint64Array(0), checks: new Uint32Array(0) }),
    );
  }

  private rowsOf(slot: number, bit: number): number[] {
    const found: number[] = [];
    for (let link = this.lists.first(slot); link !== 0; link = this.lists.next(link)) {
      const row = isCellLink(link)
        ? (this.columns.cells.words[linked(link) * CELL_WORDS] as number)
        : linked(link);
      if ((holderBits(this.columns, row, slot) & bit) !== 0) found.push(row);
    }
    let dense = this.slotWord(slot, SLOT_PAIRS) - this.slotWord(slot, SLOT_LISTED);
    const bound = this.columns.control[DENSE_USED] as number;
    for (let d = 1; d < bound && dense > 0; d++) {
      const row = this.columns.dense.words[d * DENSE_WORDS] as number;
      const bits = row === 0 ? 0 : denseBits(this.columns, d, slot);
      if (bits !== 0) dense--;
      if ((bits & bit) !== 0) found.push(row);
    }
    return found;
  }

  private matchAll(blocks: BigUint64Array | KeyList): PrefixMatch[] {
    const { members } = this.emptyMembers();
    const width = members.length;
    for (let w = 0; w < width; w++) members[w] = this.columns.masks.words[ENGINE_MASK * width + w] as number;
    this.prefixWalk.run(keyWords(blocks), checksOf(blocks), members);
    const matches: PrefixMatch[] = [];
    for (let w = 0; w < width; w++) {
      for (let rest = members[w] as number; rest !== 0; rest &= rest - 1) {
        const slot = w * 32 + 31 - Math.clz32(rest & -rest);
        if ((this.prefixWalk.depth[slot] as number) > 0)
          matches.push(this.takeMatch(this.nameOf(slot), slot));
      }
    }
    return matches;
  }

  /** Walks for `count` engines; returns their slots, -1 for one that holds nothing. */
  private walk(blocks: BigUint64Array | KeyList, count: number, engineAt: (e: number) => string): Int32Array {
    const { members } = this.emptyMembers();
    const slots = this.slotsOf(count, engineAt);
    for (const slot of slots)
      if (slot >= 0) members[slot >>> 5] = (members[slot >>> 5] as number) | (1 << (slot & 31));
    this.prefixWalk.run(keyWords(blocks), checksOf(blocks), members);
    return slots;
  }

  /** Most callers ask about the same engines again and again: their slots are kept until any engine's slot changes. */
  private slotsOf(count: number, engineAt: (e: number) => string): Int32Array {
    const version = this.columns.control[SLOTS_VERSION] as number;
    const { asked } = this;
    let same = asked.version === version && asked.ids.length === count ? 0 : -1;
    while (same >= 0 && same < count) same = asked.ids[same] === engineAt(same) ? same + 1 : -1;
    if (same === count) return asked.slots;
    const ids = Array.from({ length: count }, (_, e) => engineAt(e));
    const slots = Int32Array.from(ids, (id) => this.names.slotOf(id));
    this.asked = {
      version,
      ids,
      slots,
      nothing: ids.map((engineId) => Object.freeze({ engineId, blocks: 0, byTier: NO_TIERS })),
      nothingTiered: ids.map((engineId) =>
        Object.freeze({ engineId, blocks: 0, byTier: NO_TIERS, ownBlocks: 0 }),
      ),
    };
    return slots;
  }

  private emptyMembers(): { members: Uint32Array } {
    const width = this.columns.control[PLANE_WORDS] as number;
    if (this.members.length !== width) this.members = new Uint32Array(width);
    else this.members.fill(0);
    return { members: this.members };
  }

  /** Whether the walk found the engine to hold the first block. */
  private holdsAny(slot: number): boolean {
    return slot >= 0 && (this.prefixWalk.depth[slot] as number) > 0;
  }

  private takeMatch(engineId: string, slot: number): PrefixMatch {
    const { depth, tiers } = this.prefixWalk;
    const blocks = depth[slot] as number;
    const at = slot * TIERS.length;
    const byTier = [tiers[at], tiers[at + 1], tiers[at + 2], tiers[at + 3]] as number[];
    return { engineId, blocks, byTier };
  }

  private nameOf(slot: number): string {
    return this.names.nameOf(this.slotWord(slot, SLOT_NAME));
  }

  private slotWord(slot: number, word: number): number {
    return this.columns.slots.words[slot * SLOT_WORDS + word] as number;
  }
}

/** The bit of a tier's facts in a cell. */
export function cellBit(tier: Tier, { window = false }: FactKind = {}): number {
  return 1 << (TIERS.indexOf(tier) + (window ? WINDOW_SHIFT : 0));
}
