import type { Logger } from 'pino';
import type { CapacityGuard } from './application/capacity-guard.js';
import type { CapacityLimit } from './application/capacity-limit.js';
import type { ChecksumQueue } from './application/checksum-queue.js';
import type { ChunkTiers } from './application/chunk-tiers.js';
import type { Contact } from './application/contact.js';
import type { FolderReconciler } from './application/folder-reconciler.js';
import type { UnseenGrowth } from './application/unseen-growth.js';
import type { FileSystem } from './tiers/file-system.js';
import type { TierFolder } from './tiers/tier-folder.js';

export interface RunParts {
  readonly tiers: ChunkTiers;
  readonly fs: FileSystem;
  readonly reconciler: FolderReconciler;
  readonly checksums: ChecksumQueue;
  readonly guard: CapacityGuard;
  readonly limit: CapacityLimit;
  readonly growth: UnseenGrowth;
  readonly contact: Contact;
  readonly logger: Logger;
  readonly rescanIntervalMs: number;
}

const GUARD_MS = 1000;
/** Scanning may take one part in so many of the time; where files seem to have come, one in so few. */
const SCAN_SHARE = 20;
const EARLY_SCAN_SHARE = 4;

/** The clockwork: one comparison of folders and inventory before anything is answered, then one every interval. */
export class KvNodeRun {
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly working = new Set<Promise<void>>();
  private wasAlone = false;
  private scanning = false;
  /** By the monotonic clock; large folders are scanned less often. */
  private nextScanMs = 0;
  private nextEarlyScanMs = 0;
  /** Why the last comparison failed. */
  problem: string | undefined;

  constructor(private readonly parts: RunParts) {}

  /** @throws Error naming the folder of a tier that cannot be used */
  async start(): Promise<void> {
    const { fs, tiers, rescanIntervalMs } = this.parts;
    for (const { tier, options } of tiers.folders) {
      try {
        await fs.mkdir(options.root, { recursive: true });
        await fs.readdir(options.root);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new Error(
          `the folder ${options.root} of the ${tier} tier cannot be used (${code}); see --${tier}-dir`,
        );
      }
    }
    await this.scan(tiers.folders, true);
    this.every(rescanIntervalMs, async () => {
      if (performance.now() >= this.nextScanMs) await this.rescan(tiers.folders);
    });
    this.every(GUARD_MS, async () => {
      if (performance.now() >= this.nextEarlyScanMs) await this.rescan(await this.parts.growth.suspects());
    });
    this.every(GUARD_MS, () => this.guard());
    this.every(GUARD_MS, () => this.parts.limit.enforce());
  }

  /** Resolves when nothing is being done any more. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.working);
    await this.parts.checksums.stop();
  }

  /** Compares folders with the inventory now, unless some are being compared. */
  private async rescan(folders: readonly TierFolder[]): Promise<void> {
    if (this.scanning || folders.length === 0) return;
    this.scanning = true;
    try {
      await this.scan(folders, false);
      if (folders.length === this.parts.tiers.folders.length) this.problem = undefined;
    } catch (error) {
      this.problem = (error as Error).message;
      this.parts.logger.error({ err: error }, 'the folders could not be compared with the inventory');
    } finally {
      this.scanning = false;
    }
  }

  private async scan(folders: readonly TierFolder[], atStart: boolean): Promise<void> {
    const { growth, reconciler, tiers } = this.parts;
    const startMs = performance.now();
    try {
      for (const folder of folders) await growth.during(folder, () => reconciler.reconcile(folder, atStart));
    } finally {
      const endMs = performance.now();
      const tookMs = endMs - startMs;
      this.nextEarlyScanMs = endMs + tookMs * (EARLY_SCAN_SHARE - 1);
      if (folders.length === tiers.folders.length) this.nextScanMs = endMs + tookMs * (SCAN_SHARE - 1);
    }
  }

  private async guard(): Promise<void> {
    const { contact, guard, logger } = this.parts;
    const { alone } = contact;
    if (alone !== this.wasAlone) {
      this.wasAlone = alone;
      if (alone) logger.warn('kv-offload is silent: guarding the capacity alone');
      else logger.info('kv-offload is back');
    }
    await guard.guard();
  }

  /** Not again while it still runs. */
  private every(intervalMs: number, work: () => Promise<void>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      const tracked = work()
        .catch((error: unknown) => this.parts.logger.error({ err: error }, 'regular work failed'))
        .finally(() => {
          running = false;
          this.working.delete(tracked);
        });
      this.working.add(tracked);
    }, intervalMs);
    this.timers.push(timer);
  }
}
