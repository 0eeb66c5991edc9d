import type { Clock, EventBus, ObjectStore } from '@penstock/core/ports';
import { ChunkLedger } from '@penstock/core/tiering';
import type { Logger } from 'pino';
import type { KvOffloadConfig } from '../config.js';
import type { KvOffloadMetrics, TierSample } from '../metrics.js';
import { FileAdopter } from './adopt-files.js';
import type { NodeDirectory } from './find-nodes.js';
import { HolderPublisher, OBJECT_STORE } from './holder-publisher.js';
import type { ConnectKvNode } from './kv-node-client.js';
import { MoveLog } from './move-log.js';
import { MovePlanner } from './move-planner.js';
import { MoveRunner } from './move-runner.js';
import { NodeFleet } from './node-fleet.js';
import type { InventoryNews } from './node-inventory.js';
import type { NodeLink } from './node-link.js';
import { ObjectTier } from './object-tier.js';
import { demotionSettings } from './offload-settings.js';
import { UseFeed } from './use-feed.js';
import { CopyVerifier } from './verify-copies.js';

export interface TermOptions {
  readonly config: KvOffloadConfig;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: KvOffloadMetrics;
  readonly directory: NodeDirectory;
  readonly connect: ConnectKvNode;
  readonly store: ObjectStore | undefined;
  /** Our name as a publisher of events. */
  readonly source: string;
  /** Life of what we say of storage; larger than that of any term before, as far as is known. */
  readonly incarnation: number;
  /** Somebody else leads whom we must not outlive; returns whether we stay. */
  readonly onRival: (source: string) => boolean;
}

/** One time of leading: everything known is learnt anew at its beginning, and forgotten at its end. */
export class OffloadTerm {
  readonly ledger = new ChunkLedger();
  readonly log: MoveLog;
  readonly fleet: NodeFleet;
  readonly objects: ObjectTier | undefined;
  readonly runner: MoveRunner;
  readonly planner: MovePlanner;
  readonly verifier: CopyVerifier;
  private readonly publisher: HolderPublisher;
  private readonly uses: UseFeed;
  private readonly adopter: FileAdopter;
  private dropped: number;

  constructor(private readonly options: TermOptions) {
    const { config, bus, clock, logger, metrics, store } = options;
    const { ledger } = this;
    const settings = demotionSettings(config);
    this.publisher = new HolderPublisher(ledger, bus, clock, config, options.source, options.incarnation);
    this.log = new MoveLog(bus, logger, metrics);
    this.fleet = new NodeFleet({
      ...{ ledger, clock, logger, connect: options.connect, forgetMs: config.nodeForgetMs },
      directory: options.directory,
      onNews: (link, news) => this.take(link, news),
      onForgotten: (node) => this.forget(node),
    });
    this.objects = store && this.objectTier(store);
    const { fleet, objects, log } = this;
    const publishChanges = () => this.publisher.publishChanges();
    this.runner = new MoveRunner({
      ...{ ledger, fleet, objects, log, clock, logger, publishChanges },
      batch: config.moveBatch,
    });
    const { runner } = this;
    const { s3CapacityBytes, promotionMaxChunks, promotionMaxInFlight, useSpacingMs } = config;
    this.planner = new MovePlanner({
      ...{ ledger, fleet, objects, runner, bus, clock, settings, s3CapacityBytes },
    });
    this.uses = new UseFeed({
      ...{ bus, ledger, planner: this.planner, runner, clock, logger, metrics },
      ...{ promotionMaxChunks, promotionMaxInFlight, useSpacingMs },
      onHolder: (holder, incarnation, source) => this.heard(holder, incarnation, source),
    });
    this.adopter = new FileAdopter({ bus, fleet, logger, metrics });
    this.verifier = new CopyVerifier(ledger, fleet, objects);
    this.dropped = bus.status().droppedEvents;
  }

  /** Life of what was said of storage in this term. */
  get incarnation(): number {
    return this.publisher.life;
  }

  start(): void {
    const { logger } = this.options;
    this.fleet.refresh();
    this.objects?.start();
    // Without S3, what an earlier leader had there is out of reach.
    if (!this.objects) this.publisher.begin(OBJECT_STORE);
    for (const feed of [this.uses, this.adopter]) {
      feed.start().catch((error: unknown) => logger.error({ err: error }, 'events cannot be followed'));
    }
  }

  /** Everything that is due. */
  tick(): void {
    const { bus, metrics } = this.options;
    this.fleet.refresh();
    this.runner.sweep();
    this.planner.plan();
    const { droppedEvents } = bus.status();
    if (droppedEvents !== this.dropped) this.publisher.renewSnapshots();
    this.dropped = droppedEvents;
    this.publisher.publishChanges();
    this.publisher.publishDueSnapshots();
    this.log.publishAll();
    const states = this.fleet.all().map(({ state }) => state);
    metrics.show(this.tiers(), states, this.runner.inFlight, this.publisher);
  }

  /** Use of every tier that there is. */
  tiers(): Array<TierSample & { readonly blocks: number }> {
    const capacities = this.fleet.all().flatMap((link) => link.capacities());
    const { s3CapacityBytes } = this.options.config;
    const places = [
      ...capacities,
      ...(this.objects ? [{ place: { tier: 's3' } as const, capacityBytes: s3CapacityBytes }] : []),
    ];
    return places.map(({ place, capacityBytes }) => {
      const { usedBytes, chunks, blocks } = this.ledger.use(place);
      const node = 'node' in place ? (place.node ?? '') : '';
      return { tier: place.tier, node, usedBytes, capacityBytes, chunks, blocks };
    });
  }

  async stop(): Promise<void> {
    this.runner.stop();
    await Promise.all([this.uses.stop(), this.adopter.stop()]);
    await Promise.all([this.fleet.stop(), this.objects?.stop()]);
  }

  private objectTier(store: ObjectStore): ObjectTier {
    const { clock, logger, config } = this.options;
    const { ledger } = this;
    return new ObjectTier({
      ...{ store, ledger, clock, logger, scanIntervalMs: config.s3ScanIntervalMs },
      onListed: () => this.publisher.begin(OBJECT_STORE),
    });
  }

  private take({ node }: NodeLink, { written, lost, refused, complete }: InventoryNews): void {
    const { metrics, logger } = this.options;
    metrics.refused.inc(refused);
    const nothing = { durationMs: 0, from: undefined, to: undefined };
    for (const { chunk, place, copy } of written) {
      const reason = place.tier === 'cpu' ? 'written' : 'moved-by-node';
      this.log.done({ ...nothing, ...chunk, node, to: place.tier, bytes: copy.sizeBytes, reason });
    }
    for (const { chunk, place, sizeBytes, reason } of lost) {
      metrics.lost.inc({ reason });
      logger.debug({ node, path: chunk.path, tier: place.tier, reason }, 'a copy is gone');
      this.log.done({ ...nothing, ...chunk, node, from: place.tier, bytes: sizeBytes, reason });
    }
    if (complete) this.publisher.begin(node);
    this.publisher.publishChanges();
  }

  private forget(node: string): void {
    this.options.logger.warn({ node }, 'a node has had no kv-node for long; what it held is forgotten');
    this.ledger.dropPlace({ tier: 'cpu', node });
    this.ledger.dropPlace({ tier: 'ssd', node });
    this.publisher.forget(node);
  }

  private heard(holder: string, incarnation: number, source: string): void {
    const { publisher } = this;
    if (source === this.options.source && incarnation === publisher.life) return;
    if (publisher.isOutlivedBy(incarnation) && !this.options.onRival(source)) return;
    const owner = publisher.heard(holder, incarnation);
    if (owner !== undefined && owner !== OBJECT_STORE) this.fleet.expect(owner);
  }
}
