import { isStorageHolder } from './holders.js';
import { grown } from './key-table.js';

/**
 * Numbers for engines and for storage. Retiring an engine's number makes everything stored under it void at once; the number is given
 * to another engine only after its cells have been swept.
 */
export class EngineSlots {
  private readonly byId = new Map<string, number>();
  private readonly ids: (string | undefined)[] = [];
  private readonly free: number[] = [];
  private alive = new Uint8Array(16);
  private storage = new Uint8Array(16);
  private aliveStorage = 0;
  private heads = new Uint32Array(16);
  private counts = new Uint32Array(16);

  get bound(): number {
    return this.ids.length;
  }

  /** Living slots of storage. */
  get storageCount(): number {
    return this.aliveStorage;
  }

  engines(): IterableIterator<string> {
    return this.byId.keys();
  }

  find(engineId: string): number | undefined {
    return this.byId.get(engineId);
  }

  open(engineId: string): number {
    const known = this.byId.get(engineId);
    if (known !== undefined) return known;
    const slot = this.free.pop() ?? this.ids.length;
    this.ids[slot] = engineId;
    this.alive = grown(this.alive, capacityFor(slot, this.alive.length));
    this.storage = grown(this.storage, this.alive.length);
    this.heads = grown(this.heads, this.alive.length);
    this.counts = grown(this.counts, this.alive.length);
    this.alive[slot] = 1;
    this.storage[slot] = isStorageHolder(engineId) ? 1 : 0;
    this.aliveStorage += this.storage[slot] as number;
    this.heads[slot] = 0;
    this.counts[slot] = 0;
    this.byId.set(engineId, slot);
    return slot;
  }

  retire(slot: number): void {
    this.byId.delete(this.ids[slot] as string);
    this.ids[slot] = undefined;
    this.alive[slot] = 0;
    this.aliveStorage -= this.storage[slot] as number;
  }

  /** The slot's cells are gone: it may be given again. */
  recycle(slot: number): void {
    this.free.push(slot);
  }

  isAlive(slot: number): boolean {
    return this.alive[slot] === 1;
  }

  /** Whether the slot is storage, living or retired. */
  isStorage(slot: number): boolean {
    return this.storage[slot] === 1;
  }

  idOf(slot: number): string {
    return this.ids[slot] as string;
  }

  /** First cell of the slot's block list. */
  head(slot: number): number {
    return this.heads[slot] as number;
  }

  setHead(slot: number, cell: number): void {
    this.heads[slot] = cell;
  }

  count(slot: number): number {
    return this.counts[slot] as number;
  }

  addCount(slot: number, change: number): void {
    this.counts[slot] = (this.counts[slot] as number) + change;
  }
}

function capacityFor(slot: number, current: number): number {
  return slot < current ? current : Math.max(slot + 1, current * 2);
}
