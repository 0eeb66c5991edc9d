import type { PoolDirectory } from '@penstock/cluster';
import type { EventBus } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { EngineAnnouncer } from './application/announce-engine.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { ChangePublisher } from './application/publish-changes.js';
import type { EngineTracker } from './application/track-engines.js';

export interface RunParts {
  readonly directory: PoolDirectory;
  readonly tracker: EngineTracker;
  readonly publisher: ChangePublisher;
  readonly persister: BlockPersister;
  readonly announcer: EngineAnnouncer;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly deltaIntervalMs: number;
  readonly storeIntervalMs: number;
}

/** The clockwork of the service: reconciles with the pools, publishes every tick, looks after the store. */
export class IndexRun {
  private timers: NodeJS.Timeout[] = [];
  private unsubscribe: (() => void) | undefined;
  private swept = false;
  private wasConnected = false;
  private refreshing = false;

  constructor(private readonly parts: RunParts) {}

  start(): void {
    const { directory, deltaIntervalMs, storeIntervalMs } = this.parts;
    this.unsubscribe = directory.onChange(() => this.reconcile());
    if (directory.synced) this.reconcile();
    this.timers = [
      setInterval(() => this.publish(), deltaIntervalMs),
      setInterval(() => void this.refreshStore(), storeIntervalMs),
    ];
  }

  /** Publishes what is left and stops following. */
  async stop(): Promise<void> {
    this.unsubscribe?.();
    for (const timer of this.timers) clearInterval(timer);
    for (const engine of this.parts.tracker.engines()) this.parts.publisher.publishDelta(engine);
    await this.parts.tracker.stop();
  }

  private reconcile(): void {
    this.parts.tracker.reconcile(this.parts.directory.pools());
  }

  private publish(): void {
    const { tracker, publisher, announcer, bus } = this.parts;
    const { connected } = bus.status();
    const returned = connected && !this.wasConnected;
    this.wasConnected = connected;
    for (const engine of tracker.engines()) {
      publisher.publishDelta(engine);
      if (returned) announcer.again(engine);
    }
    // The bus may have lost what it had; a whole state costs little and ends every doubt.
    if (returned) publisher.renewSnapshots();
    // While it is away they would only push the deltas out of its buffer.
    if (connected) publisher.publishDueSnapshots(tracker.engines());
  }

  private async refreshStore(): Promise<void> {
    const { persister, tracker, directory, logger } = this.parts;
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      await persister.refresh();
      if (this.swept || !directory.synced || persister.problem) return;
      await tracker.sweepStore(directory.pools());
      this.swept = true;
    } catch (error) {
      logger.warn({ err: error }, 'stored engines could not be looked through; trying again');
    } finally {
      this.refreshing = false;
    }
  }
}
