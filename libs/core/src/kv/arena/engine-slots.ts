import { isStorageHolder } from '../holders.js';
import type { ArenaColumns } from './arena-columns.js';
import type { DenseRows } from './dense-rows.js';
import type { EngineNames } from './engine-names.js';
import {
  ENGINE_MASK,
  HYBRID_ALIVE,
  HYBRID_MASK,
  MASKS,
  MAX_SLOTS,
  PLANE_WORDS,
  SLOT_ALIVE,
  SLOT_FLAGS,
  SLOT_HEAD,
  SLOT_LISTED,
  SLOT_NAME,
  SLOT_PAIRS,
  SLOT_STORAGE,
  SLOT_WINDOW,
  SLOT_WORDS,
  SLOTS_USED,
  STORAGE_ALIVE,
  STORAGE_MASK,
} from './layout.js';

/**
 * Numbers for engines and for storage, while they hold anything. Retiring one makes everything stored under it void at once;
 * it is given again only after all of it has been swept.
 */
export class EngineSlots {
  private readonly free: number[] = [];

  constructor(
    private readonly columns: ArenaColumns,
    private readonly names: EngineNames,
    private readonly dense: DenseRows,
  ) {}

  /** Every slot is below it. */
  get bound(): number {
    return this.columns.control[SLOTS_USED] as number;
  }

  get planeWords(): number {
    return this.columns.control[PLANE_WORDS] as number;
  }

  /** -1 when the engine has none. */
  find(engineId: string): number {
    return this.names.slotOf(engineId);
  }

  /** The engine's slot, given now when it had none; -1 when all are taken. */
  open(engineId: string): number {
    const known = this.find(engineId);
    if (known >= 0) return known;
    const { columns } = this;
    const { control } = columns;
    let slot = this.free.pop();
    if (slot === undefined) {
      slot = this.bound;
      if (slot >= MAX_SLOTS || !this.dense.widen(slot + 1)) return -1;
      columns.grow(columns.slots, (slot + 1) * SLOT_WORDS);
      control[SLOTS_USED] = slot + 1;
    }
    const storage = isStorageHolder(engineId);
    const at = slot * SLOT_WORDS;
    const slots = columns.slots.words;
    slots.fill(0, at, at + SLOT_WORDS);
    slots[at + SLOT_FLAGS] = SLOT_ALIVE | (storage ? SLOT_STORAGE : 0);
    slots[at + SLOT_NAME] = this.names.setSlot(engineId, slot);
    if (storage) control[STORAGE_ALIVE] = (control[STORAGE_ALIVE] as number) + 1;
    this.mask(storage ? STORAGE_MASK : ENGINE_MASK, slot, true);
    return slot;
  }

  retire(engineId: string, slot: number): void {
    const { control } = this.columns;
    const at = slot * SLOT_WORDS + SLOT_FLAGS;
    const slots = this.columns.slots.words;
    if (((slots[at] as number) & SLOT_STORAGE) !== 0)
      control[STORAGE_ALIVE] = (control[STORAGE_ALIVE] as number) - 1;
    this.setWindow(slot, 0);
    slots[at] = (slots[at] as number) & ~SLOT_ALIVE;
    for (let mask = 0; mask < MASKS; mask++) this.mask(mask, slot, false);
    this.names.clearSlot(engineId);
  }

  /** Nothing is stored under the slot any more: it may be given again. */
  recycle(slot: number): void {
    this.free.push(slot);
  }

  /** Slots that can be given without widening anything. */
  get spare(): number {
    return this.free.length;
  }

  isAlive(slot: number): boolean {
    return ((this.columns.slots.words[slot * SLOT_WORDS + SLOT_FLAGS] as number) & SLOT_ALIVE) !== 0;
  }

  setWindow(slot: number, blocks: number): void {
    const { control } = this.columns;
    const at = slot * SLOT_WORDS + SLOT_WINDOW;
    const before = this.columns.slots.words[at] as number;
    this.columns.slots.words[at] = blocks;
    if ((before !== 0) === (blocks !== 0)) return;
    control[HYBRID_ALIVE] = (control[HYBRID_ALIVE] as number) + (blocks !== 0 ? 1 : -1);
    this.mask(HYBRID_MASK, slot, blocks !== 0);
  }

  /** Pairs of the slot. */
  pairs(slot: number): number {
    return this.columns.slots.words[slot * SLOT_WORDS + SLOT_PAIRS] as number;
  }

  /** Of those, how many are in dense rows. */
  densePairs(slot: number): number {
    return this.pairs(slot) - (this.columns.slots.words[slot * SLOT_WORDS + SLOT_LISTED] as number);
  }

  addPairs(slot: number, change: number): void {
    const at = slot * SLOT_WORDS + SLOT_PAIRS;
    this.columns.slots.words[at] = (this.columns.slots.words[at] as number) + change;
  }

  /** Link of the slot's first listed block; 0 = none. */
  first(slot: number): number {
    return this.columns.slots.words[slot * SLOT_WORDS + SLOT_HEAD] as number;
  }

  private mask(mask: number, slot: number, on: boolean): void {
    const at = mask * this.planeWords + (slot >>> 5);
    const { words } = this.columns.masks;
    words[at] = on ? (words[at] as number) | (1 << (slot & 31)) : (words[at] as number) & ~(1 << (slot & 31));
  }
}
