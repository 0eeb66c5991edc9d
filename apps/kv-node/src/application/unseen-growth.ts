import type { FileSystem } from '../tiers/file-system.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';

/** Share of a tier's capacity. */
const NOTABLE = 0.1;

/**
 * Tells which folders have to be looked at before it is time, for files that engines wrote and nobody announced. Asks the
 * file system for its use only: what comes to it and not to the inventory may be such files. Others who use the same file
 * system cause a look too many; where it says nothing, folders are looked at when it is time.
 */
export class UnseenGrowth {
  /** Bytes on the file system that are not the inventory's: the least since the folder was looked at. */
  private readonly others = new Map<FolderTier, number>();
  private readonly growing = new Set<FolderTier>();

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly fs: Pick<FileSystem, 'statfs'>,
  ) {}

  /**
   * Looks into a folder.
   * @param scan gives the bytes that it found and nobody had announced; when they are many, more are expected
   */
  async during(folder: TierFolder, scan: () => Promise<number>): Promise<void> {
    const { tier, options } = folder;
    const leaving = this.leaving(tier);
    const known = this.tiers.inventory.use(tier).usedBytes;
    const used = await this.usedOf(folder);
    const foundBytes = await scan();
    if (foundBytes > NOTABLE * options.capacityBytes) this.growing.add(tier);
    else this.growing.delete(tier);
    // What was known before, not after: a copy removed during the scan was still counted as used. Too little is safe.
    if (used === undefined) this.others.delete(tier);
    else this.others.set(tier, used - known - foundBytes - leaving);
  }

  /** Folders that probably have notably more than the inventory knows. */
  async suspects(): Promise<TierFolder[]> {
    const found: TierFolder[] = [];
    for (const folder of this.tiers.folders) if (await this.isSuspect(folder)) found.push(folder);
    return found;
  }

  private async isSuspect(folder: TierFolder): Promise<boolean> {
    const { tier, options } = folder;
    if (this.growing.has(tier)) return true;
    const used = await this.usedOf(folder);
    if (used === undefined) return false;
    const now = used - this.tiers.inventory.use(tier).usedBytes;
    const least = Math.min(now, this.others.get(tier) ?? now);
    this.others.set(tier, least);
    return now - least > NOTABLE * options.capacityBytes;
  }

  /**
   * The most that may be leaving the file system and has left the inventory already. Were it taken for somebody else's, as
   * many bytes of files that nobody announced would never be noticed.
   */
  private leaving(tier: FolderTier): number {
    const { held } = this.tiers.locks;
    let largest = 0;
    if (held > 0)
      for (const { sizeBytes } of this.tiers.inventory.records(tier)) largest = Math.max(largest, sizeBytes);
    return held * largest;
  }

  private async usedOf({ options }: TierFolder): Promise<number | undefined> {
    const found = await this.fs.statfs(options.root).catch(() => undefined);
    return found && (found.blocks - found.bfree) * found.bsize;
  }
}
