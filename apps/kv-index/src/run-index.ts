import type { PoolDirectory } from '@penstock/cluster';
import type { EventBus } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { EngineAnnouncer } from './application/announce-engine.js';
import type { StorageFollower } from './application/follow-storage.js';
import type { FileForwarder } from './application/forward-files.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { ChangePublisher } from './application/publish-changes.js';
import type { EngineTracker } from './application/track-engines.js';

export interface RunParts {
  readonly directory: PoolDirectory;
  readonly tracker: EngineTracker;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly storage: StorageFollower;
  readonly persister: BlockPersister;
  readonly announcer: EngineAnnouncer;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly deltaIntervalMs: number;
  readonly storeIntervalMs: number;
}

/** Longest time that files wait to be told, whatever the interval of deltas. */
const FILES_INTERVAL_MS = 100;
/** Time between two looks for storage that fell silent. */
const STORAGE_INTERVAL_MS = 5_000;

/** The clockwork of the service: reconciles with the pools, publishes every tick, looks after the store. */
export class IndexRun {
  private timers: NodeJS.Timeout[] = [];
  private unsubscribe: (() => void) | undefined;
  private swept = false;
  private wasConnected = false;
  private refreshing = false;

  constructor(private readonly parts: RunParts) {}

  start(): void {
    const { directory, storage, logger, deltaIntervalMs, storeIntervalMs } = this.parts;
    void storage
      .start()
      .catch((error: unknown) => logger.error({ err: error }, 'what storage holds cannot be followed'));
    this.unsubscribe = directory.onChange(() => this.reconcile());
    if (directory.synced) this.reconcile();
    this.timers = [
      setInterval(() => this.publish(), deltaIntervalMs),
      setInterval(() => void this.refreshStore(), storeIntervalMs),
      setInterval(() => this.forwardFiles(), Math.min(deltaIntervalMs, FILES_INTERVAL_MS)),
      setInterval(() => storage.forgetSilent(), STORAGE_INTERVAL_MS),
    ];
  }

  /** Publishes what is left and stops following. */
  async stop(): Promise<void> {
    this.unsubscribe?.();
    for (const timer of this.timers) clearInterval(timer);
    this.parts.publisher.publishDeltas(this.parts.tracker.engines());
    this.forwardFiles();
    await Promise.all([this.parts.tracker.stop(), this.parts.storage.stop()]);
  }

  private reconcile(): void {
    this.parts.tracker.reconcile(this.parts.directory.pools());
  }

  private forwardFiles(): void {
    for (const engine of this.parts.tracker.engines()) this.parts.forwarder.forward(engine);
  }

  private publish(): void {
    const { tracker, publisher, announcer, bus } = this.parts;
    const { connected } = bus.status();
    const returned = connected && !this.wasConnected;
    this.wasConnected = connected;
    publisher.publishDeltas(tracker.engines());
    if (returned) {
      for (const engine of tracker.engines()) announcer.again(engine);
      // The bus may have lost what it had; a whole state costs little and ends every doubt.
      publisher.renewSnapshots();
    }
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
