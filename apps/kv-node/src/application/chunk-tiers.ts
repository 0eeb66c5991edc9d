import type { Clock } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { Inventory } from '../inventory/inventory.js';
import type { KvNodeMetrics } from '../metrics.js';
import { ChunkProblem } from '../tiers/chunk-problem.js';
import type { ObjectTier } from '../tiers/object-tier.js';
import type { Quarantine } from '../tiers/quarantine.js';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { FolderTier } from '../tiers/tier-name.js';
import type { PathLocks } from './path-locks.js';
import type { TierRoom } from './tier-room.js';

export interface FolderParts {
  readonly folder: TierFolder;
  readonly quarantine: Quarantine;
}

export interface ChunkTiersParts {
  readonly cpu: FolderParts;
  readonly ssd?: FolderParts;
  readonly s3?: ObjectTier;
  readonly inventory: Inventory;
  readonly room: TierRoom;
  readonly locks: PathLocks;
  readonly clock: Clock;
  readonly metrics: KvNodeMetrics;
  readonly logger: Logger;
}

/** How full a tier is. */
export interface TierCapacityUse {
  readonly tier: FolderTier;
  readonly usedBytes: number;
  readonly capacityBytes: number;
  readonly chunks: number;
}

/** The tiers of this node and what every use case does with them. */
export class ChunkTiers {
  readonly inventory: Inventory;
  readonly room: TierRoom;
  readonly locks: PathLocks;
  readonly clock: Clock;

  constructor(private readonly parts: ChunkTiersParts) {
    ({ inventory: this.inventory, room: this.room, locks: this.locks, clock: this.clock } = parts);
  }

  /** Folders that the node has, nearest first. */
  get folders(): TierFolder[] {
    const { cpu, ssd } = this.parts;
    return ssd ? [cpu.folder, ssd.folder] : [cpu.folder];
  }

  /** @throws ChunkProblem `invalid` when the node has no such tier */
  folder(tier: FolderTier): TierFolder {
    return this.partsOf(tier).folder;
  }

  /** @throws ChunkProblem `invalid` when the node has no S3 */
  get s3(): ObjectTier {
    const { s3 } = this.parts;
    if (s3 === undefined) throw new ChunkProblem('invalid', 'this node has no S3; see --s3-bucket');
    return s3;
  }

  use(): TierCapacityUse[] {
    return this.folders.map(({ options: { tier, capacityBytes } }) => {
      return { tier, capacityBytes, ...this.inventory.use(tier) };
    });
  }

  /** A copy is damaged: nobody gets to read it again. To be called with the path locked. */
  async quarantine(tier: FolderTier, path: string, problem: ChunkProblem): Promise<void> {
    const { metrics, logger, clock } = this.parts;
    metrics.countDamaged(tier);
    logger.error({ tier, path, reason: problem.message }, 'a damaged copy was put aside');
    await this.partsOf(tier).quarantine.take(path, clock.nowMs());
    this.inventory.remove(tier, path, 'corrupt');
  }

  private partsOf(tier: FolderTier): FolderParts {
    const parts = this.parts[tier];
    if (parts === undefined) throw new ChunkProblem('invalid', 'this node has no SSD tier; see --ssd-dir');
    return parts;
  }
}
