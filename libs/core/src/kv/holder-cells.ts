import { grown } from './key-table.js';

/** End of a list. Cell 0 is never used. */
export const NONE = 0;

/**
 * Pool of holder cells in typed arrays. A cell says "engine slot S holds block B on these tiers" and is on two lists:
 * the holders of its block (singly linked) and the blocks of its engine slot (doubly linked).
 */
export class HolderCells {
  private blocks = new Int32Array(64);
  private slots = new Uint32Array(64);
  private tierBits = new Uint8Array(64);
  private nextHolders = new Uint32Array(64);
  private nextBlocks = new Uint32Array(64);
  private previousBlocks = new Uint32Array(64);
  private freeHead = NONE;
  private used = 1;
  private live = 0;

  get count(): number {
    return this.live;
  }

  get bytes(): number {
    return this.blocks.length * 21;
  }

  block(cell: number): number {
    return this.blocks[cell] as number;
  }

  slot(cell: number): number {
    return this.slots[cell] as number;
  }

  tiers(cell: number): number {
    return this.tierBits[cell] as number;
  }

  setTiers(cell: number, bits: number): void {
    this.tierBits[cell] = bits;
  }

  nextHolder(cell: number): number {
    return this.nextHolders[cell] as number;
  }

  setNextHolder(cell: number, next: number): void {
    this.nextHolders[cell] = next;
  }

  nextBlock(cell: number): number {
    return this.nextBlocks[cell] as number;
  }

  /** Makes a cell and puts it in front of both lists; returns it: the new head of both. */
  add(block: number, slot: number, bits: number, holderHead: number, blockHead: number): number {
    const cell = this.take();
    this.blocks[cell] = block;
    this.slots[cell] = slot;
    this.tierBits[cell] = bits;
    this.nextHolders[cell] = holderHead;
    this.nextBlocks[cell] = blockHead;
    this.previousBlocks[cell] = NONE;
    if (blockHead !== NONE) this.previousBlocks[blockHead] = cell;
    return cell;
  }

  /** Takes the cell out of its engine's list and frees it; returns the list's new head. Its block's list is the caller's. */
  release(cell: number, blockHead: number): number {
    const next = this.nextBlocks[cell] as number;
    const previous = this.previousBlocks[cell] as number;
    if (next !== NONE) this.previousBlocks[next] = previous;
    if (previous !== NONE) this.nextBlocks[previous] = next;
    this.nextHolders[cell] = this.freeHead;
    this.freeHead = cell;
    this.live--;
    return blockHead === cell ? next : blockHead;
  }

  private take(): number {
    this.live++;
    const free = this.freeHead;
    if (free !== NONE) {
      this.freeHead = this.nextHolders[free] as number;
      return free;
    }
    if (this.used === this.blocks.length) this.grow(this.used * 2);
    return this.used++;
  }

  private grow(length: number): void {
    this.blocks = grown(this.blocks, length);
    this.slots = grown(this.slots, length);
    this.tierBits = grown(this.tierBits, length);
    this.nextHolders = grown(this.nextHolders, length);
    this.nextBlocks = grown(this.nextBlocks, length);
    this.previousBlocks = grown(this.previousBlocks, length);
  }
}
