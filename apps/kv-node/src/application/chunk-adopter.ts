import { parseChunkPath } from '@penstock/engine';
import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import { type CheckedCopy, type CopyRecord, isChecked } from '../inventory/copy-record.js';
import type { KvNodeMetrics } from '../metrics.js';
import { ChunkProblem, type ProblemCode } from '../tiers/chunk-problem.js';
import type { LayoutIndex } from '../tiers/layout-index.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';

/** A chunk that an engine says it has written. */
export interface WrittenChunk {
  readonly hash: string;
  readonly scope: string;
  readonly keys: Uint8Array;
}

export type Adoption = { readonly copy: CheckedCopy } | { readonly problem: ProblemCode };

interface Found {
  readonly tier: FolderTier;
  readonly path: string;
  readonly rank: number;
  readonly changedMs: number;
  readonly record: CopyRecord | undefined;
}

/**
 * Takes chunks of engines into care: finds the file of a hash, computes its checksum, keeps keys and scope. The same hash
 * can be in several layouts, as it does not depend on the model: a copy that belongs to another scope is not taken.
 */
export class ChunkAdopter {
  private readonly limit: BulkheadPolicy;

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly layouts: ReadonlyMap<FolderTier, LayoutIndex>,
    private readonly metrics: KvNodeMetrics,
    concurrency: number,
  ) {
    this.limit = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  }

  /** One answer per chunk, in order. */
  adoptAll(chunks: readonly WrittenChunk[]): Promise<Adoption[]> {
    return Promise.all(chunks.map((chunk) => this.limit.execute(() => this.answer(chunk))));
  }

  private async answer(chunk: WrittenChunk): Promise<Adoption> {
    try {
      const copy = await this.adopt(chunk);
      this.metrics.countAdoption('');
      return { copy };
    } catch (error) {
      if (!(error instanceof ChunkProblem)) throw error;
      this.metrics.countAdoption(error.code);
      return { problem: error.code };
    }
  }

  private async adopt(chunk: WrittenChunk): Promise<CheckedCopy> {
    const { tier, path } = await this.find(chunk);
    return this.tiers.locks.run(path, async () => {
      const { inventory, clock } = this.tiers;
      const bytes = await this.bytesOf(tier, path);
      const { scope, keys } = chunk;
      const copy: CheckedCopy = { path, tier, ...bytes, scope, keys, lastUsedMs: clock.nowMs() };
      const nowToo = this.tiers.folders
        .map((folder) => inventory.get(folder.tier, path))
        .filter(
          (other): other is CopyRecord => other !== undefined && other.tier !== tier && other.scope === '',
        );
      inventory.put(copy, ...nowToo.map((other) => ({ ...other, scope, keys })));
      return copy;
    });
  }

  /** From the inventory when the file has not changed since, else from the file. */
  private async bytesOf(tier: FolderTier, path: string): Promise<{ sizeBytes: number; crc32: number }> {
    const folder = this.tiers.folder(tier);
    const before = await folder.stat(path);
    const record = this.tiers.inventory.get(tier, path);
    if (before !== undefined && record && isChecked(record) && record.sizeBytes === before.sizeBytes) {
      return { sizeBytes: record.sizeBytes, crc32: record.crc32 };
    }
    const bytes = await folder.measure(path);
    const after = await folder.stat(path);
    if (after?.sizeBytes !== bytes.sizeBytes || after.changedMs !== before?.changedMs) {
      throw new ChunkProblem('busy', `${path} changed while its checksum was computed`);
    }
    return bytes;
  }

  private async find(chunk: WrittenChunk): Promise<Found> {
    for (const refresh of [false, true]) {
      for (const folder of this.tiers.folders) {
        const layouts = this.layouts.get(folder.tier);
        if (refresh) await layouts?.refresh(chunk.hash);
        const found = await this.existing(folder, layouts?.candidates(chunk.hash) ?? []);
        const best = choose(found, chunk.scope);
        if (best !== undefined) return best;
      }
    }
    throw new ChunkProblem('missing', `no file has the hash ${chunk.hash}`);
  }

  private async existing(folder: TierFolder, paths: readonly string[]): Promise<Found[]> {
    const found: Found[] = [];
    for (const path of paths) {
      const stat = await folder.stat(path).catch(() => undefined);
      if (stat === undefined) continue;
      const rank = parseChunkPath(path)?.rank ?? 0;
      const record = this.tiers.inventory.get(folder.tier, path);
      found.push({ tier: folder.tier, path, rank, changedMs: stat.changedMs, record });
    }
    return found;
  }
}

/** One of the same scope, else the newest that belongs to no one; of the lowest rank, which answers for the others. */
function choose(found: readonly Found[], scope: string): Found | undefined {
  const own = found.filter(({ record }) => record?.scope === scope);
  const free = found.filter(({ record }) => (record?.scope ?? '') === '');
  const [best] = (own.length > 0 ? own : free).toSorted(
    (a, b) => a.rank - b.rank || b.changedMs - a.changedMs,
  );
  return best;
}
