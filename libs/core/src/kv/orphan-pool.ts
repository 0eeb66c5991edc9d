import type { Hash, RemovedEvent, StoredEvent } from './engine-events.js';

interface Orphan {
  readonly event: StoredEvent;
  /** Leading blocks of the event still held by the engine. */
  blocks: number;
}

/**
 * Stored events whose parent block is unknown (history was lost before it), kept until the parent arrives. Bounded: the
 * oldest go first. A hash waits once; a second announcement of it is dropped, which can only lose a block.
 */
export class OrphanPool {
  private readonly byHash = new Map<Hash, Orphan>();
  private readonly byParent = new Map<Hash, Set<Orphan>>();
  private readonly order = new Set<Orphan>();

  constructor(private readonly maxBlocks: number) {}

  /** Blocks waiting. */
  get blocks(): number {
    return this.byHash.size;
  }

  /** Keeps the event; returns how many blocks were dropped for it, of it or of older ones. */
  park(event: StoredEvent): number {
    const { hashes, parent } = event;
    if (parent === null) throw new Error('OrphanPool.park: an event without a parent is no orphan');
    if (hashes.length > this.maxBlocks || hashes.some((hash) => this.byHash.has(hash))) return hashes.length;
    const orphan: Orphan = { event, blocks: hashes.length };
    for (const hash of hashes) this.byHash.set(hash, orphan);
    const siblings = this.byParent.get(parent) ?? new Set();
    this.byParent.set(parent, siblings.add(orphan));
    this.order.add(orphan);
    let dropped = 0;
    for (const oldest of this.order) {
      if (this.byHash.size <= this.maxBlocks) break;
      dropped += oldest.blocks;
      this.forget(oldest, 0);
    }
    return dropped;
  }

  /** Takes the events that wait for this block, cut to what the engine still holds. */
  adopt(parent: Hash): StoredEvent[] {
    const waiting = this.byParent.get(parent);
    if (!waiting) return [];
    return [...waiting].map((orphan) => {
      const { event, blocks } = orphan;
      this.forget(orphan, 0);
      if (blocks === event.hashes.length) return event;
      const tokenIds = Array.from(event.tokenIds).slice(0, blocks * event.blockSize);
      return { ...event, hashes: event.hashes.slice(0, blocks), tokenIds };
    });
  }

  /** The engine removed a block: it and the blocks after it in its event no longer wait. True when it was waiting. */
  remove(hash: Hash, tier: RemovedEvent['tier']): boolean {
    const orphan = this.byHash.get(hash);
    if (!orphan || orphan.event.tier !== tier) return false;
    this.forget(orphan, orphan.event.hashes.indexOf(hash));
    return true;
  }

  clear(): void {
    this.byHash.clear();
    this.byParent.clear();
    this.order.clear();
  }

  private forget(orphan: Orphan, keep: number): void {
    for (let i = keep; i < orphan.blocks; i++) this.byHash.delete(orphan.event.hashes[i] as Hash);
    orphan.blocks = keep;
    if (keep > 0) return;
    this.order.delete(orphan);
    const parent = orphan.event.parent as Hash;
    const siblings = this.byParent.get(parent);
    siblings?.delete(orphan);
    if (siblings?.size === 0) this.byParent.delete(parent);
  }
}
