import { basename, join } from 'node:path';
import { isTemporaryName } from '@penstock/engine';
import type { Logger } from 'pino';
import type { CopyRecord } from '../inventory/copy-record.js';
import type { KvNodeMetrics } from '../metrics.js';
import type { FileSystem } from '../tiers/file-system.js';
import type { LayoutIndex } from '../tiers/layout-index.js';
import { type FolderScan, type ScannedFile, scanFolder } from '../tiers/scan-folder.js';
import { TEMPORARY_WRITER } from '../tiers/temporary-writer.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChecksumQueue } from './checksum-queue.js';
import type { ChunkTiers } from './chunk-tiers.js';

export interface ReconcilerParts {
  readonly tiers: ChunkTiers;
  readonly fs: FileSystem;
  readonly layouts: ReadonlyMap<FolderTier, LayoutIndex>;
  readonly checksums: ChecksumQueue;
  readonly metrics: KvNodeMetrics;
  readonly logger: Logger;
  /** Age at which a temporary file of another writer, or an empty folder, is taken for left behind. */
  readonly staleMs: number;
}

/** Makes the inventory agree with the folders, which are the truth. */
export class FolderReconciler {
  private readonly told = new Set<string>();

  constructor(private readonly parts: ReconcilerParts) {}

  /**
   * @param atStart nothing of ours is being written yet: all our temporary files are left behind
   * @returns bytes of files that were not known
   * @throws Error of the file system when the tier's root cannot be read; its inventory stays as it is
   */
  async reconcile(folder: TierFolder, atStart: boolean): Promise<number> {
    const scan = await scanFolder(this.parts.fs, folder.options.root);
    await this.removeTemporaries(folder, scan, atStart);
    this.report(folder, scan);
    const unknownBytes = this.enterUnknown(folder, scan);
    await this.correctKnown(folder, scan);
    await this.removeEmpty(folder, scan);
    return unknownBytes;
  }

  private async removeTemporaries(
    { options }: TierFolder,
    { files }: FolderScan,
    atStart: boolean,
  ): Promise<void> {
    const nowMs = this.parts.tiers.clock.nowMs();
    for (const { path, kind, changedMs } of files) {
      if (kind !== 'temporary') continue;
      const isOurs = atStart && isTemporaryName(basename(path), TEMPORARY_WRITER);
      if (!isOurs && nowMs - changedMs < this.parts.staleMs) continue;
      await this.parts.fs.unlink(join(options.root, path)).catch(() => {});
      this.parts.metrics.countFound('temporary');
    }
  }

  /** Hashes spread over a million folders: those of chunks that are gone would fill a tmpfs by themselves. */
  private async removeEmpty({ options }: TierFolder, { empty }: FolderScan): Promise<void> {
    const { fs, tiers, staleMs } = this.parts;
    const nowMs = tiers.clock.nowMs();
    for (const path of empty) {
      const folder = join(options.root, path);
      const found = await fs.lstat(folder).catch(() => undefined);
      // One that was just made or emptied may be about to be used.
      if (found?.isDirectory() && nowMs - found.mtimeMs >= staleMs) await fs.rmdir(folder).catch(() => {});
    }
  }

  private report({ tier, options }: TierFolder, { files, unreadable }: FolderScan): void {
    const { metrics, logger } = this.parts;
    const tell = (what: 'irregular' | 'unreadable', path: string, message: string) => {
      metrics.countFound(what);
      const key = `${tier}/${what}/${path}`;
      if (!this.told.has(key)) logger.warn({ tier, path: join(options.root, path) }, message);
      this.told.add(key);
    };
    for (const { path, kind } of files) {
      if (kind === 'irregular')
        tell('irregular', path, 'this has the name of a chunk and is no regular file; it is ignored');
    }
    for (const path of unreadable)
      tell('unreadable', path, 'this folder cannot be read; its chunks are not known');
  }

  /** Without awaiting between look and entry: what a move enters meanwhile is not undone. */
  private enterUnknown({ tier }: TierFolder, { files }: FolderScan): number {
    const { tiers, checksums, metrics, layouts } = this.parts;
    const nowMs = tiers.clock.nowMs();
    const unknown: CopyRecord[] = [];
    for (const { path, kind, sizeBytes, changedMs } of files) {
      if (kind !== 'chunk') continue;
      layouts.get(tier)?.learn(path);
      const record = tiers.inventory.get(tier, path);
      if (record === undefined) {
        unknown.push(unchecked(tier, path, sizeBytes, Math.min(changedMs, nowMs)));
      }
      if (record?.crc32 === undefined) checksums.add(tier, path);
    }
    if (unknown.length === 0) return 0;
    tiers.inventory.put(...unknown);
    metrics.countFound('unknown', unknown.length);
    return unknown.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /**
   * What differs is looked at once more with the path locked; what is being moved just now is for the next scan: a device
   * that takes seconds must not hold up the search for files.
   */
  private async correctKnown(folder: TierFolder, { files, unreadable }: FolderScan): Promise<void> {
    const { tiers, checksums, metrics } = this.parts;
    const { tier } = folder;
    const seen = new Map<string, ScannedFile>();
    for (const file of files) if (file.kind === 'chunk') seen.set(file.path, file);
    const differing = [...tiers.inventory.records(tier)].filter(({ path, sizeBytes }) => {
      const isHidden = unreadable.some((hidden) => path.startsWith(`${hidden}/`));
      return !isHidden && seen.get(path)?.sizeBytes !== sizeBytes;
    });
    for (const { path } of differing) {
      if (tiers.locks.isHeld(path)) continue;
      await tiers.locks.run(path, async () => {
        const found = await folder.stat(path).catch(() => undefined);
        const record = tiers.inventory.get(tier, path);
        if (record === undefined || found?.sizeBytes === record.sizeBytes) return;
        metrics.countFound(found === undefined ? 'missing' : 'resized');
        if (found === undefined) return tiers.inventory.remove(tier, path, 'missing');
        tiers.inventory.put(unchecked(tier, path, found.sizeBytes, found.changedMs));
        checksums.add(tier, path);
      });
    }
  }
}

function unchecked(tier: FolderTier, path: string, sizeBytes: number, lastUsedMs: number): CopyRecord {
  return { tier, path, sizeBytes, lastUsedMs, crc32: undefined, scope: '', keys: new Uint8Array(0) };
}
