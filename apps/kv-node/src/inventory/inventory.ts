import type { FolderTier } from '../tiers/tier-name.js';
import { type CopyRecord, isChecked } from './copy-record.js';
import type { InventoryChange, RemovalReason } from './inventory-change.js';
import type { InventoryFile } from './inventory-file.js';

export interface TierUse {
  readonly usedBytes: number;
  readonly chunks: number;
}

interface Tier {
  readonly records: Map<string, CopyRecord>;
  usedBytes: number;
}

/** Every copy in the node's folders, in memory and on disk; tells listeners each change once, in order. */
export class Inventory {
  /** Life of this kv-node: higher than that of every one before it. */
  readonly incarnation: number;
  private readonly tiers: Readonly<Record<FolderTier, Tier>> = {
    cpu: { records: new Map(), usedBytes: 0 },
    ssd: { records: new Map(), usedBytes: 0 },
  };
  private readonly listeners = new Set<(change: InventoryChange) => void>();

  constructor(
    private readonly file: InventoryFile,
    nowMs: number,
  ) {
    // The time, so that it grows even when the file was lost.
    this.incarnation = Math.max((file.fact('incarnation') ?? 0) + 1, Math.floor(nowMs));
    file.setFact('incarnation', this.incarnation);
    // A clock that was ahead must not make what was used then the last to go for ever.
    for (const record of file.all()) this.keep({ ...record, lastUsedMs: Math.min(record.lastUsedMs, nowMs) });
  }

  get(tier: FolderTier, path: string): CopyRecord | undefined {
    return this.tiers[tier].records.get(path);
  }

  /** Copies of a tier, in no order. */
  records(tier: FolderTier): IterableIterator<CopyRecord> {
    return this.tiers[tier].records.values();
  }

  use(tier: FolderTier): TierUse {
    const { records, usedBytes } = this.tiers[tier];
    return { usedBytes, chunks: records.size };
  }

  /** Enters copies, or what is newly known about them. Stored, all of them or none, when this returns. */
  put(...records: readonly CopyRecord[]): void {
    this.file.batch(() => {
      for (const record of records) this.file.put(record);
    });
    for (const record of records) {
      const before = this.get(record.tier, record.path);
      this.keep(record);
      if (isChecked(record)) this.tell({ kind: 'stored', copy: record });
      else if (before && isChecked(before)) this.tellRemoved(before, 'missing');
    }
  }

  /** Takes a copy out; one that is not in it changes nothing. */
  remove(tier: FolderTier, path: string, reason: RemovalReason): void {
    const before = this.get(tier, path);
    if (before === undefined) return;
    this.file.remove(tier, path);
    this.tiers[tier].records.delete(path);
    this.tiers[tier].usedBytes -= before.sizeBytes;
    if (isChecked(before)) this.tellRemoved(before, reason);
  }

  /** @returns ends it */
  listen(listener: (change: InventoryChange) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  close(): void {
    this.listeners.clear();
    this.file.close();
  }

  private keep(record: CopyRecord): void {
    const tier = this.tiers[record.tier];
    tier.usedBytes += record.sizeBytes - (tier.records.get(record.path)?.sizeBytes ?? 0);
    tier.records.set(record.path, record);
  }

  private tellRemoved({ tier, path }: CopyRecord, reason: RemovalReason): void {
    this.tell({ kind: 'removed', copy: { tier, path, reason } });
  }

  private tell(change: InventoryChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
