import type { Logger } from 'pino';
import { type CopyRecord, isChecked } from '../inventory/copy-record.js';
import type { KvNodeMetrics } from '../metrics.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';

/** Share of a capacity that a tier may have while whoever moves chunks catches up. */
const TOLERATED = 1.1;
/** Looks at which a tier must have more than that, one after the other. */
const LOOKS = 2;
/** Share at which nobody is waited for. */
const FAR = 2;
/** Removals that wait for each other's turn in the thread pool. */
const AT_ONCE = 16;

/**
 * The last resort: a tier that stays above its capacity, whoever should make room, loses what was used longest ago. Nothing
 * is copied, as that is what was too slow; what the node has twice goes first, what is being moved stays.
 */
export class CapacityLimit {
  private readonly looksAbove = new Map<FolderTier, number>();

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly metrics: KvNodeMetrics,
    private readonly logger: Logger,
  ) {}

  /** Looks once; removes what is too much where it was too much before. */
  async enforce(): Promise<void> {
    for (const folder of this.tiers.folders) {
      const { tier, options } = folder;
      const share = this.tiers.inventory.use(tier).usedBytes / options.capacityBytes;
      const looks = share > TOLERATED ? (this.looksAbove.get(tier) ?? 0) + 1 : 0;
      this.looksAbove.set(tier, looks);
      if (looks >= LOOKS || share > FAR) await this.relieve(folder);
    }
  }

  private async relieve(folder: TierFolder): Promise<void> {
    const { tier, options } = folder;
    const { inventory } = this.tiers;
    const candidates = this.candidates(tier);
    let copies = 0;
    let next = 0;
    const work = async () => {
      while (next < candidates.length && inventory.use(tier).usedBytes > options.capacityBytes) {
        if (await this.drop(folder, candidates[next++] as CopyRecord)) copies++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.metrics.countDropped(tier, copies);
    const { usedBytes: bytes } = inventory.use(tier);
    this.logger.warn(
      { tier, count: copies, bytes },
      'a tier stayed above its capacity: its least recently used copies were removed',
    );
  }

  /** Copies that may go, in that order. */
  private candidates(tier: FolderTier): CopyRecord[] {
    const { inventory } = this.tiers;
    const other: FolderTier = tier === 'cpu' ? 'ssd' : 'cpu';
    const isTwice = ({ path, sizeBytes }: CopyRecord) => {
      const record = inventory.get(other, path);
      return record !== undefined && isChecked(record) && record.sizeBytes === sizeBytes;
    };
    const [twice, once]: [CopyRecord[], CopyRecord[]] = [[], []];
    for (const record of inventory.records(tier)) {
      (isTwice(record) ? twice : once).push(record);
    }
    const oldestFirst = (a: CopyRecord, b: CopyRecord) => a.lastUsedMs - b.lastUsedMs;
    return [...twice.sort(oldestFirst), ...once.sort(oldestFirst)];
  }

  /** Tells first, so that nobody is sent to what is gone, then removes. */
  private async drop(folder: TierFolder, { tier, path }: CopyRecord): Promise<boolean> {
    const { inventory, locks } = this.tiers;
    if (locks.isHeld(path)) return false;
    return locks.run(path, async () => {
      const record = inventory.get(tier, path);
      // Those that are at work beside this one may have removed enough meanwhile.
      if (record === undefined || inventory.use(tier).usedBytes <= folder.options.capacityBytes) return false;
      inventory.remove(tier, path, 'full');
      try {
        await folder.remove(path);
        await folder.removeEmptyFolders(path);
        return true;
      } catch (error) {
        this.logger.warn({ err: error, tier, path }, 'a copy could not be removed');
        inventory.put(record);
        return false;
      }
    });
  }
}
