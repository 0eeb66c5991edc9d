import type { Clock, ObjectStore } from '@penstock/core/ports';
import type { ServiceContext } from '@penstock/platform';
import { CapacityGuard } from './application/capacity-guard.js';
import { CapacityLimit } from './application/capacity-limit.js';
import { ChecksumQueue } from './application/checksum-queue.js';
import { ChunkAdopter } from './application/chunk-adopter.js';
import { ChunkMover } from './application/chunk-mover.js';
import { ChunkTiers, type FolderParts } from './application/chunk-tiers.js';
import { Contact } from './application/contact.js';
import { CopyVerifier } from './application/copy-verifier.js';
import { FolderReconciler } from './application/folder-reconciler.js';
import { PathLocks } from './application/path-locks.js';
import { TierRoom } from './application/tier-room.js';
import { UnseenGrowth } from './application/unseen-growth.js';
import type { KvNodeConfig } from './config.js';
import { Inventory } from './inventory/inventory.js';
import { InventoryFile } from './inventory/inventory-file.js';
import { KvNodeMetrics } from './metrics.js';
import { KvNodeRun } from './run-kv-node.js';
import { type FolderSettings, tierSettings } from './tier-settings.js';
import type { FileSystem } from './tiers/file-system.js';
import { LayoutIndex } from './tiers/layout-index.js';
import { ObjectTier } from './tiers/object-tier.js';
import { Quarantine } from './tiers/quarantine.js';
import { TierFolder } from './tiers/tier-folder.js';
import type { FolderTier } from './tiers/tier-name.js';

/** The outside world of kv-node. */
export interface KvNodePorts {
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Absent: the node has no S3 tier. */
  readonly objects?: ObjectStore;
}

/** Everything kv-node is made of. */
export interface KvNodeParts extends KvNodePorts {
  readonly node: string;
  readonly inventory: Inventory;
  readonly tiers: ChunkTiers;
  readonly contact: Contact;
  readonly mover: ChunkMover;
  readonly adopter: ChunkAdopter;
  readonly verifier: CopyVerifier;
  readonly metrics: KvNodeMetrics;
  readonly run: KvNodeRun;
}

type Context = Pick<ServiceContext<KvNodeConfig>, 'config' | 'logger' | 'registry'>;

/**
 * Puts kv-node together on its ports; it works after `run.start`.
 * @throws ConfigError for settings that contradict each other; Error when the inventory cannot be opened
 */
export function assembleKvNode(ports: KvNodePorts, context: Context): KvNodeParts {
  const { fs, clock, objects } = ports;
  const { config, logger, registry } = context;
  const { node, concurrency } = config;
  const settings = tierSettings(config);
  const metrics = new KvNodeMetrics(registry);
  const { file, damage } = InventoryFile.open(settings.dataDir);
  if (damage !== undefined) {
    logger.error(
      { reason: damage, path: settings.dataDir },
      'the inventory was damaged and is put aside; begun anew from the files',
    );
  }
  const inventory = new Inventory(file, clock.nowMs());
  const layouts = new Map<FolderTier, LayoutIndex>();
  const partsOf = (tier: FolderTier, { root, capacityBytes }: FolderSettings): FolderParts => {
    layouts.set(tier, new LayoutIndex(root, fs));
    // What is on tmpfs does not outlive the node, whatever is flushed.
    const folder = new TierFolder(
      { tier, root, capacityBytes, durable: tier === 'ssd' && settings.ssdSync },
      fs,
    );
    return { folder, quarantine: new Quarantine(root, config.quarantineFiles, fs) };
  };
  const tiers = new ChunkTiers({
    ...{ inventory, clock, metrics, logger },
    cpu: partsOf('cpu', settings.cpu),
    ...(settings.ssd ? { ssd: partsOf('ssd', settings.ssd) } : {}),
    ...(objects ? { s3: new ObjectTier(objects) } : {}),
    room: new TierRoom(inventory),
    locks: new PathLocks(),
  });
  const contact = new Contact(clock, config.aloneAfterMs);
  const mover = new ChunkMover(tiers, metrics, logger, concurrency);
  const checksums = new ChecksumQueue(tiers, config.checksumRate, logger);
  const watermarks = { high: config.highWatermark, low: config.lowWatermark };
  const reconciler = new FolderReconciler({
    ...{ tiers, fs, layouts, checksums, metrics, logger, staleMs: config.staleMs },
  });
  metrics.observe({
    tiers: () => tiers.use(),
    watchers: () => contact.watchers,
    unchecked: () => checksums.size,
    alone: () => contact.alone,
  });
  return {
    ...ports,
    ...{ node, inventory, tiers, contact, mover, metrics },
    adopter: new ChunkAdopter(tiers, layouts, metrics, concurrency),
    verifier: new CopyVerifier(tiers, metrics, concurrency),
    run: new KvNodeRun({
      ...{ tiers, fs, reconciler, checksums, logger, contact },
      guard: new CapacityGuard(node, tiers, mover, contact, watermarks, logger),
      limit: new CapacityLimit(tiers, metrics, logger),
      growth: new UnseenGrowth(tiers, fs),
      rescanIntervalMs: config.rescanIntervalMs,
    }),
  };
}
