import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';

/** Computes checksums of files that were found in the folders, in the background and not faster than told. */
export class ChecksumQueue {
  private readonly waiting = new Map<string, { readonly tier: FolderTier; readonly path: string }>();
  private readonly stopping = new AbortController();
  private working: Promise<void> | undefined;

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly bytesPerSecond: number,
    private readonly logger: Logger,
  ) {}

  /** Files whose checksum is not known yet. */
  get size(): number {
    return this.waiting.size;
  }

  add(tier: FolderTier, path: string): void {
    if (this.stopping.signal.aborted) return;
    this.waiting.set(`${tier}/${path}`, { tier, path });
    this.begin();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private begin(): void {
    this.working ??= this.work().finally(() => {
      this.working = undefined;
      // Something may have been added after the last look.
      if (this.waiting.size > 0 && !this.stopping.signal.aborted) this.begin();
    });
  }

  private async work(): Promise<void> {
    for (const [key, { tier, path }] of this.waiting) {
      if (this.stopping.signal.aborted) return;
      const bytes = await this.tiers.locks
        .run(path, () => this.check(tier, path))
        .catch((error: unknown) => {
          this.logger.warn(
            { err: error, tier, path },
            'a checksum could not be computed; the next scan tries again',
          );
          return 0;
        });
      this.waiting.delete(key);
      const pauseMs = (bytes / this.bytesPerSecond) * 1000;
      if (pauseMs >= 1) await sleep(pauseMs, undefined, this.stopping).catch(() => {});
    }
  }

  /** @returns bytes read */
  private async check(tier: FolderTier, path: string): Promise<number> {
    const { inventory } = this.tiers;
    const folder = this.tiers.folder(tier);
    const record = inventory.get(tier, path);
    if (record === undefined || record.crc32 !== undefined) return 0;
    const before = await folder.stat(path);
    if (before === undefined) {
      inventory.remove(tier, path, 'missing');
      return 0;
    }
    const bytes = await folder.measure(path);
    const after = await folder.stat(path);
    const same = after?.changedMs === before.changedMs && after.sizeBytes === bytes.sizeBytes;
    // A file that is being written in place is for the next scan.
    if (same) inventory.put({ ...record, ...bytes });
    return bytes.sizeBytes;
  }
}
