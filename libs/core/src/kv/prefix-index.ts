import { ArenaColumns } from './arena/arena-columns.js';
import { ColdestBlocks, touch } from './arena/coldest-blocks.js';
import { plainColumns, sharedColumns } from './arena/column-memory.js';
import { DenseRows } from './arena/dense-rows.js';
import { EngineNames, type SyncEntry } from './arena/engine-names.js';
import { EngineSlots } from './arena/engine-slots.js';
import { FreshBlocks } from './arena/fresh-blocks.js';
import { holderBits } from './arena/holder-bits.js';
import { HolderSets } from './arena/holder-sets.js';
import { cellBit, type FactKind, IndexView } from './arena/index-view.js';
import { checksOf, keyWords } from './arena/key-words.js';
import { COLLISIONS, EVICTED, PAIRS, REFUSED, ROW_CHECK, ROW_SHIFT } from './arena/layout.js';
import type { SharedIndexHandle } from './arena/shared-index-handle.js';
import { SharedLock } from './arena/shared-lock.js';
import { SlotLists } from './arena/slot-lists.js';
import { Sweeper } from './arena/sweeper.js';
import type { KeyList, Tier } from './types.js';

export interface PrefixIndexOptions {
  /** Most (block, engine) pairs kept, up to 128 million; beyond it the coldest blocks make room. Default 32 million. */
  readonly maxHolders?: number;
  /** Most memory of its columns; beyond it the coldest blocks make room. Default 72 bytes for each of `maxHolders`, at least 16 MiB. */
  readonly maxBytes?: number;
  /** Whether another thread may read it (`handle`). */
  readonly shared?: boolean;
  /** Holders from which on a block keeps them as bits; for tests. */
  readonly denseAbove?: number;
}

const MAX_HOLDERS = 2 ** 27;
/** More than a pair takes right after columns grew, so that `maxHolders` is reached first. */
const BYTES_PER_HOLDER = 72;
/** Steps of sweeping that one mutation does at least, so that garbage never outlives the traffic that follows it. */
const SWEEP_PER_CALL = 64;
/** Keys handled before a reader that waits is let in: some ten microseconds. */
const STRETCH = 64;
/** Cold blocks given up at most for one pair; if none of them frees what is needed the pair is refused. */
const MAX_VICTIMS = 64;

/**
 * Which engine holds which block on which tier. Storing what is stored and removing what is absent change nothing, so a
 * repeated fact cannot inflate a holder; counting duplicates of one engine is `BlockLedger`'s work.
 * A lookup may miss a block, it never claims one that was removed or fenced.
 *
 * Storage (`isStorageHolder`) is stored like an engine: `match` looks at engines only, `matchTiered` goes on in storage.
 * With `shared`, one other thread may read it through a `PrefixIndexReader`; every call here then takes the lock for short
 * stretches, and a reader sees each key's change as a whole but may see part of a call.
 */
export class PrefixIndex extends IndexView {
  private readonly lock: SharedLock | undefined;
  private readonly dense: DenseRows;
  private readonly slots: EngineSlots;
  private readonly holderSets: HolderSets;
  private readonly sweeper: Sweeper;
  private readonly coldest: ColdestBlocks;
  private readonly maxHolders: number;
  private readonly fresh: FreshBlocks;
  private readonly scratch = new Uint32Array(STRETCH);

  /** Throws a RangeError on limits that cannot be kept. */
  constructor(options: PrefixIndexOptions = {}) {
    const { maxHolders = 32_000_000, shared = false, denseAbove } = options;
    const { maxBytes = Math.max(16 * 2 ** 20, maxHolders * BYTES_PER_HOLDER) } = options;
    if (!Number.isSafeInteger(maxHolders) || maxHolders < 1 || maxHolders > MAX_HOLDERS)
      throw new RangeError(`maxHolders is ${maxHolders}: give a whole number from 1 to ${MAX_HOLDERS}`);
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes is ${maxBytes}: give a positive number of bytes`);
    const columns = new ArenaColumns(shared ? sharedColumns : plainColumns, { maxHolders, maxBytes });
    const names = new EngineNames(columns);
    super(columns, names);
    columns.initialise();
    this.maxHolders = maxHolders;
    this.lock = shared ? new SharedLock(columns.control) : undefined;
    this.dense = new DenseRows(columns);
    this.slots = new EngineSlots(columns, names, this.dense);
    const lists = new SlotLists(columns);
    this.holderSets = new HolderSets(columns, this.blockRows, this.dense, this.slots, lists, denseAbove);
    this.sweeper = new Sweeper(this.slots, this.holderSets, this.dense);
    this.fresh = new FreshBlocks(columns, this.blockRows.directory);
    this.coldest = new ColdestBlocks(columns);
  }

  get capacityHolders(): number {
    return this.maxHolders;
  }

  /** For `PrefixIndexReader` on another thread; one is enough for the index's whole life. Throws when it is not shared. */
  handle(): SharedIndexHandle {
    if (!this.lock) throw new Error('the index is not shared: make it with { shared: true }');
    return this.columns.handle();
  }

  /**
   * Says that the engine holds these blocks on the tier. Returns how many were refused: for lack of room, or because a block
   * with other check bits has the key. Throws a RangeError when `checks` are not as many as the keys.
   */
  store(engineId: string, tier: Tier, blocks: BigUint64Array | KeyList, kind: FactKind = {}): number {
    const words = keyWords(blocks);
    const checks = checksOf(blocks);
    const bit = cellBit(tier, kind);
    let refused = 0;
    let slot = -1;
    this.inStretches(words.length / 2, (from, to) => {
      if (from === 0) slot = this.openSlot(engineId);
      if (slot < 0) {
        refused += to - from;
        this.tally(REFUSED, to - from);
        return;
      }
      const present =
        this.holdersLeft < to - from
          ? false
          : this.fresh.add(words, checks, from, to, slot, bit, this.scratch);
      if (present !== false) this.coldest.count(to - from - present);
      const count = present === false ? to - from : present;
      for (let p = 0; p < count; p++) {
        const i = present === false ? from + p : (this.scratch[p] as number);
        const check = checks === undefined ? 0 : (checks[i] as number);
        if (!this.storeOne(slot, bit, words[2 * i] as number, words[2 * i + 1] as number, check)) refused++;
      }
    });
    return refused;
  }

  /** Says that the engine no longer holds these blocks on the tier. */
  remove(engineId: string, tier: Tier, keys: BigUint64Array, kind: FactKind = {}): void {
    const words = keyWords(keys);
    const bit = cellBit(tier, kind);
    const slot = this.slots.find(engineId);
    this.inStretches(words.length / 2, (from, to) => {
      if (slot < 0) return;
      this.blockRows.directory.findMany(words.subarray(2 * from, 2 * to), 0, to - from, this.scratch);
      for (let i = 0; i < to - from; i++) {
        const row = this.scratch[i] as number;
        if (row !== 0) this.holderSets.unset(row, slot, bit);
      }
    });
  }

  /** Forgets everything the engine holds, in constant time: the memory comes back over the next mutations. */
  clear(engineId: string): void {
    this.locked(() => {
      const slot = this.slots.find(engineId);
      if (slot < 0) return;
      this.slots.retire(engineId, slot);
      this.sweeper.add(slot);
    });
  }

  /**
   * How many blocks before a position the engine's sliding-window groups need to go on from there; 0 = every group is dense.
   * Forgotten by `clear`.
   */
  setWindowBlocks(engineId: string, blocks: number): void {
    if (!Number.isSafeInteger(blocks) || blocks < 0 || blocks > 0xffffffff)
      throw new RangeError(`windowBlocks of ${engineId} is ${blocks}: give a whole number of blocks, or 0`);
    this.locked(() => {
      const slot = blocks === 0 ? this.slots.find(engineId) : this.openSlot(engineId);
      if (slot >= 0) this.slots.setWindow(slot, blocks);
    });
  }

  /** Notes how far the engine's cache is followed, for readers of the index. */
  setSync(engineId: string, entry: SyncEntry): void {
    this.locked(() => this.names.setSync(engineId, entry));
  }

  /** The engine is no longer followed. */
  forgetSync(engineId: string): void {
    this.locked(() => this.names.forgetSync(engineId));
  }

  /**
   * Frees what fenced engines had, in up to `limit` steps; returns how many steps there were to do, 0 when nothing is left.
   * Called by every mutation, and on idle if wanted.
   */
  sweep(limit: number): number {
    return this.locked(() => this.sweeper.sweep(limit));
  }

  protected reading<T>(read: () => T): T {
    return read();
  }

  private storeOne(slot: number, bit: number, low: number, high: number, check: number): boolean {
    let row = this.blockRows.find(low, high);
    if (row !== 0 && check !== 0) {
      const at = (row << ROW_SHIFT) + ROW_CHECK;
      const rows = this.columns.rows.words;
      if (rows[at] === 0) rows[at] = check;
      else if (rows[at] !== check) {
        if (this.holderSets.dropFenced(row)) {
          this.tally(COLLISIONS, 1);
          return false;
        }
        row = 0;
      }
    }
    if (row !== 0) {
      touch(this.columns, row);
      if (this.holdersLeft > 0 || holderBits(this.columns, row, slot) !== 0) {
        if (this.take(row, slot, bit)) return true;
      }
    }
    return this.storeWithRoom(slot, bit, low, high, check);
  }

  /** Adds a pair; while it does not fit, what is fenced goes first, then the coldest blocks. */
  private storeWithRoom(slot: number, bit: number, low: number, high: number, check: number): boolean {
    for (let victims = 0; victims <= MAX_VICTIMS; ) {
      if (this.holdersLeft > 0) {
        const known = this.blockRows.find(low, high);
        const row = known || this.blockRows.add(low, high, check);
        // More keys of one hash than chance would have: others shall not give way for them.
        if (row < 0) break;
        if (row !== 0) {
          if (this.take(row, slot, bit)) return true;
          if (known === 0) this.blockRows.delete(row);
        }
      }
      if (this.sweeper.sweep(SWEEP_PER_CALL) > 0) continue;
      const victim = this.coldest.next();
      if (victim === 0) break;
      this.tally(EVICTED, this.holderSets.dropBlock(victim));
      victims++;
    }
    this.tally(REFUSED, 1);
    return false;
  }

  private take(row: number, slot: number, bit: number): boolean {
    const outcome = this.holderSets.set(row, slot, bit);
    if (outcome === 'added') this.coldest.count(1);
    return outcome !== 'full';
  }

  /** The engine's slot; -1 when all are taken, even after everything fenced is swept. */
  private openSlot(engineId: string): number {
    let slot = this.slots.open(engineId);
    if (slot >= 0) return slot;
    while (this.sweeper.sweep(SWEEP_PER_CALL) > 0);
    slot = this.slots.open(engineId);
    if (slot >= 0) return slot;
    // Wider planes do not fit: blocks held by many go, as a colder part of the index would.
    for (let dense = 1; dense < this.dense.bound; dense++) {
      const row = this.dense.rowOf(dense);
      if (row !== 0) this.tally(EVICTED, this.holderSets.dropBlock(row));
    }
    this.dense.forgetPlanes();
    return this.slots.open(engineId);
  }

  private get holdersLeft(): number {
    return this.maxHolders - (this.columns.control[PAIRS] as number);
  }

  private tally(which: number, more: number): void {
    this.columns.tallies[which] = (this.columns.tallies[which] as number) + more;
  }

  private locked<T>(write: () => T): T {
    this.lock?.lockAsWriter();
    try {
      return write();
    } finally {
      this.lock?.unlock();
    }
  }

  /** Works through `count` keys and sweeps on the way; a reader that waits is let in between two stretches. */
  private inStretches(count: number, work: (from: number, to: number) => void): void {
    const { lock } = this;
    lock?.lockAsWriter();
    try {
      this.sweeper.sweep(SWEEP_PER_CALL);
      for (let from = 0; from < count; from += STRETCH) {
        if (lock?.readerWaits) {
          lock.unlock();
          lock.lockAsWriter();
        }
        if (this.sweeper.pending) this.sweeper.sweep(STRETCH);
        work(from, Math.min(count, from + STRETCH));
      }
    } finally {
      lock?.unlock();
    }
  }
}
