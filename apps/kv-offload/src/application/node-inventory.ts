import type { kvnodeV1 } from '@penstock/contracts';
import {
  type ChunkFacts,
  type ChunkLedger,
  type CopyFacts,
  type Place,
  placeName,
} from '@penstock/core/tiering';
import { parseChunkPath } from '@penstock/engine';
import { localTier } from './node-tiers.js';
import { keysOf } from './packed-keys.js';
import { parseScope } from './scope.js';

/** What a kv-node said that was news. */
export interface InventoryNews {
  /** Copies that nobody had asked for: written by engines. */
  readonly written: Array<{ chunk: ChunkFacts; place: Place; copy: CopyFacts }>;
  /** Copies that went without being asked to, with the node's reason. */
  readonly lost: Array<{ chunk: ChunkFacts; place: Place; sizeBytes: number; reason: string }>;
  /** Entries that make no sense. */
  refused: number;
  /** Whether the whole inventory was received with this message. */
  readonly complete: boolean;
}

/**
 * Brings the ledger to what a node says, over one connection: first everything it has (what it does not name is gone), then
 * every change.
 */
export class NodeInventory {
  private readonly seen = new Set<string>();
  private listing = true;

  constructor(
    private readonly ledger: ChunkLedger,
    private readonly node: string,
  ) {}

  get isListing(): boolean {
    return this.listing;
  }

  apply(message: kvnodeV1.WatchInventoryResponse): InventoryNews {
    const ends = this.listing && !message.listing;
    const news: InventoryNews = { written: [], lost: [], refused: 0, complete: ends };
    for (const copy of message.stored) this.store(copy, news);
    for (const removed of message.removed) this.remove(removed, news);
    if (ends) {
      this.dropUnseen(news);
      this.listing = false;
      this.seen.clear();
    }
    return news;
  }

  private store({ chunk, tier, lastUsedMs }: kvnodeV1.ChunkCopy, news: InventoryNews): void {
    const local = localTier(tier);
    const keys = chunk && keysOf(chunk.blockKeys);
    const sizeBytes = Number(chunk?.sizeBytes);
    const known = chunk !== undefined && (chunk.scope === '' || parseScope(chunk.scope) !== undefined);
    if (!known || !local || !keys || !parseChunkPath(chunk.path) || !(sizeBytes >= 0)) {
      news.refused++;
      return;
    }
    const place: Place = { tier: local, node: this.node };
    const facts = { path: chunk.path, scope: chunk.scope, keys };
    const copy = { sizeBytes, crc32: chunk.crc32, lastUsedMs: Number(lastUsedMs) };
    const isNew = this.ledger.copy(chunk.path, place) === undefined;
    this.ledger.put(facts, place, copy);
    if (this.listing) this.seen.add(`${chunk.path} ${placeName(place)}`);
    else if (isNew) news.written.push({ chunk: facts, place, copy });
  }

  private remove({ path, tier, reason }: kvnodeV1.RemovedCopy, news: InventoryNews): void {
    const local = localTier(tier);
    if (!local) {
      news.refused++;
      return;
    }
    const place: Place = { tier: local, node: this.node };
    this.seen.delete(`${path} ${placeName(place)}`);
    this.drop(path, place, reason, news);
  }

  private dropUnseen(news: InventoryNews): void {
    for (const tier of ['cpu', 'ssd'] as const) {
      const place: Place = { tier, node: this.node };
      for (const path of [...this.ledger.oldestFirst(place)]) {
        if (!this.seen.has(`${path} ${placeName(place)}`)) this.drop(path, place, 'missing', news);
      }
    }
  }

  private drop(path: string, place: Place, reason: string, news: InventoryNews): void {
    const chunk = this.ledger.chunk(path);
    const copy = this.ledger.copy(path, place);
    if (!chunk || !copy) return;
    this.ledger.drop(path, place);
    if (copy.state !== 'deleting' && copy.state !== 'writing') {
      news.lost.push({ chunk, place, sizeBytes: copy.sizeBytes, reason });
    }
  }
}
