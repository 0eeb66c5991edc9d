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

interface Measured {
  readonly tier: FolderTier;
  readonly path: string;
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly changedMs: number | undefined;
}

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

  /**
   * One answer per chunk, in order. Files are read some at a time, but entered in the order of the chunks: who gives the
   * end of a prompt first has its beginning kept longest.
   */
  async adoptAll(chunks: readonly WrittenChunk[]): Promise<Adoption[]> {
    const measured = chunks.map((chunk) =>
      this.limit
        .execute(() => this.measure(chunk))
        .then(
          (found) => () => this.enter(chunk, found),
          (error: unknown) => () => Promise.reject(error),
        ),
    );
    const answers: Adoption[] = [];
    for (const enter of await Promise.all(measured)) answers.push(await this.answer(enter));
    return answers;
  }

  private async answer(enter: () => Promise<CheckedCopy>): Promise<Adoption> {
    try {
      const copy = await enter();
      this.metrics.countAdoption('');
      return { copy };
    } catch (error) {
      if (!(error instanceof ChunkProblem)) throw error;
      this.metrics.countAdoption(error.code);
      return { problem: error.code };
    }
  }

  /** Size and checksum of a chunk's file: from the inventory when it has not changed since, else from the file. */
  private async measure(chunk: WrittenChunk): Promise<Measured> {
    const { tier, path } = await this.find(chunk);
    const folder = this.tiers.folder(tier);
    return this.tiers.locks.run(path, async () => {
      const before = await folder.stat(path);
      const record = this.tiers.inventory.get(tier, path);
      const isKnown = record !== undefined && isChecked(record) && record.sizeBytes === before?.sizeBytes;
      const { sizeBytes, crc32 } = isKnown ? record : await folder.measure(path);
      return { tier, path, sizeBytes, crc32, changedMs: before?.changedMs };
    });
  }

  private async enter(chunk: WrittenChunk, measured: Measured): Promise<CheckedCopy> {
    const { tier, path, sizeBytes, crc32, changedMs } = measured;
    return this.tiers.locks.run(path, async () => {
      const { inventory, clock, folders } = this.tiers;
      const now = await this.tiers.folder(tier).stat(path);
      if (now === undefined) throw new ChunkProblem('missing', `${path} is gone`);
      if (now.sizeBytes !== sizeBytes || now.changedMs !== changedMs) {
        throw new ChunkProblem('busy', `${path} changed while its checksum was computed`);
      }
      const { scope, keys } = chunk;
      const copy: CheckedCopy = { path, tier, sizeBytes, crc32, scope, keys, lastUsedMs: clock.nowMs() };
      const others = folders
        .map((folder) => inventory.get(folder.tier, path))
        .filter((other) => other !== undefined && other.tier !== tier && other.scope === '')
        .map((other) => ({ ...(other as CopyRecord), scope, keys }));
      inventory.put(copy, ...others);
      return copy;
    });
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
