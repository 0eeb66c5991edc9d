import type { Hash, RemovedEvent, StoredEvent } from './engine-events.js';

interface Orphan {
  readonly event: StoredEvent;
  /** Leading blocks of the event still held by the engine. */
  blocks: number;
}

/**
 * Stored events whose parent block is unknown (history was lost before it), kept until the parent arrives. Bounded: the
 * oldest go first. A hash waits once per tier and group; a second announcement of it there is dropped, which can only lose
 * a block.
 */
export class OrphanPool {
  private readonly byHash = new Map<Hash, Orphan[]>();
  private readonly byParent = new Map<Hash, Set<Orphan>>();
  private readonly order = new Set<Orphan>();
  private waiting = 0;

  constructor(private readonly maxBlocks: number) {}

  /** Blocks waiting; those of several tiers or groups each. */
  get blocks(): number {
    return this.waiting;
  }

  /** Keeps the event; returns how many blocks were dropped for it, of it or of older ones. */
  park(event: StoredEvent): number {
    const { hashes, parent } = event;
    if (parent === null) throw new Error('OrphanPool.park: an event without a parent is no orphan');
    const waits = (hash: Hash) =>
      this.byHash.get(hash)?.some(({ event: other }) => isSamePlace(other, event));
    if (hashes.length > this.maxBlocks || hashes.some(waits)) return hashes.length;
    const orphan: Orphan = { event, blocks: hashes.length };
    for (const hash of hashes) {
      const others = this.byHash.get(hash);
      if (others) others.push(orphan);
      else this.byHash.set(hash, [orphan]);
    }
    this.waiting += hashes.length;
    const siblings = this.byParent.get(parent) ?? new Set();
    this.byParent.set(parent, siblings.add(orphan));
    this.order.add(orphan);
    let dropped = 0;
    for (const oldest of this.order) {
      if (this.waiting <= this.maxBlocks) break;
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
      const extraKeys = event.extraKeys?.slice(0, blocks);
      return { ...event, hashes: event.hashes.slice(0, blocks), tokenIds, extraKeys };
    });
  }

  /**
   * The engine removed a block: where it waited on that tier, for that group (absent: for any), it and the blocks after it
   * in its event no longer do. True when it waited.
   */
  remove(hash: Hash, tier: RemovedEvent['tier'], groupIdx?: number): boolean {
    const here = this.byHash.get(hash)?.filter(({ event }) => {
      if (event.tier !== tier) return false;
      return groupIdx === undefined || event.groupIdx === undefined || event.groupIdx === groupIdx;
    });
    for (const orphan of here ?? []) this.forget(orphan, orphan.event.hashes.indexOf(hash));
    return here !== undefined && here.length > 0;
  }

  clear(): void {
    this.byHash.clear();
    this.byParent.clear();
    this.order.clear();
    this.waiting = 0;
  }

  private forget(orphan: Orphan, keep: number): void {
    for (let i = keep; i < orphan.blocks; i++) {
      const hash = orphan.event.hashes[i] as Hash;
      const others = this.byHash.get(hash)?.filter((other) => other !== orphan) ?? [];
      if (others.length > 0) this.byHash.set(hash, others);
      else this.byHash.delete(hash);
    }
    this.waiting -= orphan.blocks - keep;
    orphan.blocks = keep;
    if (keep > 0) return;
    this.order.delete(orphan);
    const parent = orphan.event.parent as Hash;
    const siblings = this.byParent.get(parent);
    siblings?.delete(orphan);
    if (siblings?.size === 0) this.byParent.delete(parent);
  }
}

function isSamePlace(a: StoredEvent, b: StoredEvent): boolean {
  return a.tier === b.tier && a.groupIdx === b.groupIdx;
}
