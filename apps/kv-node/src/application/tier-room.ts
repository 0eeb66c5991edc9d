import type { Inventory } from '../inventory/inventory.js';
import { ChunkProblem } from '../tiers/chunk-problem.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';

/** Keeps what is being written within a tier's capacity. What engines write themselves is counted, not refused. */
export class TierRoom {
  private readonly reserved: Record<FolderTier, number> = { cpu: 0, ssd: 0 };

  constructor(private readonly inventory: Inventory) {}

  /**
   * Takes room for a copy to be written.
   * @returns gives it back: to be called when the copy is in the inventory, or will not come
   * @throws ChunkProblem `full`
   */
  reserve({ options: { tier, capacityBytes } }: TierFolder, bytes: number): () => void {
    const taken = this.inventory.use(tier).usedBytes + this.reserved[tier];
    if (taken + bytes > capacityBytes) {
      throw new ChunkProblem(
        'full',
        `the ${tier} tier has ${Math.max(0, capacityBytes - taken)} of ${capacityBytes} bytes free; ${bytes} are needed`,
      );
    }
    this.reserved[tier] += bytes;
    return () => {
      this.reserved[tier] -= bytes;
    };
  }
}
